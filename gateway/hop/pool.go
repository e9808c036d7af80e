package hop

import (
	"sync"
	"time"
)

// probeAfter is how long a connection must have been unused to be looked at
// before it is used again. In less time few are closed, and a try tells.
const probeAfter = time.Second

// pool keeps unused connections, by address.
type pool struct {
	idle time.Duration
	most int

	mu     sync.Mutex
	free   map[string][]*clientConn // the last used last
	sweeps *time.Timer              // running while any is free
	closed bool
}

func (p *pool) init(idle time.Duration, most int) {
	p.idle, p.most, p.free = idle, most, make(map[string][]*clientConn)
}

// take gives the connection that was used last and seems alive, or nil.
func (p *pool) take(addr string) *clientConn {
	for {
		cn := p.pop(addr)
		if cn == nil {
			return nil
		}
		unused := time.Since(cn.unused)
		if unused < probeAfter || unused < p.idle && cn.probe() {
			return cn
		}
		cn.kill()
	}
}

func (p *pool) pop(addr string) *clientConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.free[addr]
	if len(list) == 0 {
		return nil
	}
	cn := list[len(list)-1]
	list[len(list)-1] = nil
	p.free[addr] = list[:len(list)-1]
	return cn
}

// put keeps a connection, or kills it where there are enough.
func (p *pool) put(addr string, cn *clientConn) {
	cn.unused = time.Now()
	p.mu.Lock()
	list := p.free[addr]
	full := p.closed || len(list) >= p.most
	if !full {
		p.free[addr] = append(list, cn)
		if p.sweeps == nil {
			p.sweeps = time.AfterFunc(p.idle/2, p.sweep)
		}
	}
	p.mu.Unlock()
	if full {
		cn.kill()
	}
}

// sweep kills the connections that were unused for too long.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := time.Now()
	for addr, list := range p.free {
		n := 0
		for n < len(list) && now.Sub(list[n].unused) >= p.idle {
			list[n].kill()
			n++
		}
		kept := copy(list, list[n:])
		clear(list[kept:])
		if kept == 0 {
			delete(p.free, addr)
		} else {
			p.free[addr] = list[:kept]
		}
	}
	if len(p.free) == 0 {
		p.sweeps = nil
		return
	}
	p.sweeps.Reset(p.idle / 2)
}

// drop kills the unused connections to an address.
func (p *pool) drop(addr string) {
	p.mu.Lock()
	list := p.free[addr]
	delete(p.free, addr)
	p.mu.Unlock()
	for _, cn := range list {
		cn.kill()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.sweeps != nil {
		p.sweeps.Stop()
	}
	for _, list := range p.free {
		for _, cn := range list {
			cn.kill()
		}
	}
	clear(p.free)
}
