package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	lingerAfterLeave  = time.Second
	defaultLeaveLimit = 3 * time.Second
)

// Leave tells the others that the node goes, for as long as ctx allows (3 s if
// it has no deadline), keeps answering them for up to 1 s more, and closes the
// node. Its error says that the others may not know yet; the node is closed in
// any case.
func (n *Node) Leave(ctx context.Context) error {
	n.mu.Lock()
	if n.closed || n.leaving {
		n.mu.Unlock()
		select { // of two calls the first does the work
		case <-n.done:
		case <-ctx.Done():
		}
		return n.Close()
	}
	n.leaving = true
	n.mu.Unlock()
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultLeaveLimit)
		defer cancel()
	}
	var err error
	if n.list != nil {
		err = n.sayGoodbye(ctx)
	}
	return errors.Join(err, n.Close())
}

// sayGoodbye announces draining, because memberlist does not tell others
// whether a node left or died, then leaves and lingers.
func (n *Node) sayGoodbye(ctx context.Context) error {
	told := make(chan error, 1)
	if !n.task(func() { told <- n.goodbye(ctx) }) {
		return ErrClosed
	}
	select {
	case err := <-told:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return fmt.Errorf("cluster: leave: %w", ctx.Err())
	}
	select {
	case <-time.After(lingerAfterLeave):
	case <-ctx.Done(): // the others know; lingering is only a courtesy
	case <-n.ctx.Done():
	}
	return nil
}

func (n *Node) goodbye(ctx context.Context) error {
	n.updateMu.Lock()
	defer n.updateMu.Unlock()
	n.mu.Lock()
	drained := n.own.status == StatusDraining
	n.own.status = StatusDraining
	n.mu.Unlock()
	if limit := remaining(ctx); !drained && limit > 0 {
		n.spread(min(limit, updateTimeout))
	}
	limit := remaining(ctx)
	if limit <= 0 || n.ctx.Err() != nil {
		return fmt.Errorf("cluster: leave: %w", context.DeadlineExceeded)
	}
	if err := n.list.Leave(limit); err != nil {
		return fmt.Errorf("cluster: leave: %w", err)
	}
	return nil
}

// remaining is the time until ctx ends, at most 0 when it has ended.
func remaining(ctx context.Context) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	deadline, _ := ctx.Deadline()
	return time.Until(deadline)
}

// Close closes the sockets without telling the others, who find out within
// seconds, and waits for every goroutine of the node. It may be called more than
// once. Timers of memberlist that are under way run out by themselves within a
// few seconds, without effect.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		<-n.done
		return nil
	}
	n.closed = true
	n.mu.Unlock()
	defer close(n.done)
	n.cancel()
	if n.list == nil {
		n.tasks.Wait()
		return nil
	}
	// Without connections every task ends soon. memberlist itself comes last: a
	// Leave that is under way would panic after its Shutdown.
	err := n.transport.Shutdown()
	n.tasks.Wait()
	return errors.Join(err, n.list.Shutdown())
}
