package main

import (
	"context"
	"io"
	"net"
	"sync"
)

// front takes the place of a proxy where none is installed: each connection
// goes to the next node.
type front struct {
	listener net.Listener
	cancel   context.CancelFunc
	all      sync.WaitGroup
}

func newFront(address string, nodes []string) (*front, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &front{listener: l, cancel: cancel}
	f.all.Go(func() {
		for turn := 0; ; turn++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.all.Go(func() { pass(ctx, c, nodes[turn%len(nodes)]) })
		}
	})
	return f, nil
}

func (f *front) stop() {
	f.cancel()
	_ = f.listener.Close() // nobody else closes it
	f.all.Wait()
}

// pass copies both ways until either side closes.
func pass(ctx context.Context, client net.Conn, address string) {
	defer client.Close()
	node, err := net.Dial("tcp", address)
	if err != nil {
		return // the client sees its connection closed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{node, client}, {client, node}} {
		both.Go(func() {
			defer cancel()
			_, _ = io.Copy(way[0], way[1]) // its end is all that matters
		})
	}
	<-ctx.Done()
	_, _ = client.Close(), node.Close() // ends both copies
	both.Wait()
}
