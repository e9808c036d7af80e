package main

import (
	"context"
	"net"
	"time"
)

// delayer is a proxy that delivers everything late, both ways, at full width: a
// long cable, not a thin one.
type delayer struct {
	listen, to string
	by         time.Duration
}

func (d *delayer) run(ctx context.Context) error {
	l, err := net.Listen("tcp", d.listen)
	if err != nil {
		return err
	}
	d.serve(ctx, l)
	return nil
}

// serve takes connections until ctx ends.
func (d *delayer) serve(ctx context.Context, l net.Listener) {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go d.carry(ctx, c)
	}
}

func (d *delayer) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", d.to)
	if err != nil {
		return
	}
	defer far.Close()
	defer context.AfterFunc(ctx, func() { _ = near.Close(); _ = far.Close() })()
	back := make(chan struct{})
	go func() {
		defer close(back)
		d.copy(near, far)
	}()
	d.copy(far, near)
	<-back
}

type latePiece struct {
	due time.Time
	b   []byte
}

// copy moves bytes until the source ends, then ends the sink's direction.
func (d *delayer) copy(to, from net.Conn) {
	pieces := make(chan latePiece, 1024)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 16<<10)
			n, err := from.Read(b)
			if n > 0 {
				pieces <- latePiece{time.Now().Add(d.by), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	var broken bool
	for p := range pieces {
		if broken {
			continue // the reader must come to its end
		}
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.b); err != nil {
			broken = true
			_ = from.Close()
		}
	}
	if w, ok := to.(interface{ CloseWrite() error }); ok && !broken {
		_ = w.CloseWrite() // the other side is gone
	}
}
