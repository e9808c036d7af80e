package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"
)

// words is a State of words; every word is news the first time.
type words struct {
	mu    sync.Mutex
	known []string
	whole []byte
	err   error
	block chan struct{} // if set, Merge waits for it
}

func (w *words) MarshalBinary() ([]byte, error) { return w.whole, w.err }

func (w *words) Merge(b []byte, relay func(string, []byte)) error {
	if w.block != nil {
		<-w.block
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(b) == 0 || b[0] == '!' {
		return errors.New("malformed")
	}
	if word := string(b); !slices.Contains(w.known, word) {
		w.known = append(w.known, word)
		relay(word, b)
	}
	return nil
}

func testGossip(s State) (*gossip, *bytes.Buffer) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return newGossip(s, log, newLimiter(), func() int { return 3 }), &b
}

// drain merges what is in the inbox.
func drain(g *gossip) {
	for len(g.inbox) > 0 {
		g.merge(<-g.inbox)
	}
}

func TestGossipRelaysNewsOnce(t *testing.T) {
	g, _ := testGossip(&words{})
	message := []byte("\x11up")
	g.receive(message)
	message[1] = 'X' // memberlist uses its buffer again
	g.receive([]byte("\x12up"))
	drain(g)
	if got := g.queue.GetBroadcasts(0, 1400); len(got) != 1 || string(got[0]) != "\x11up" {
		t.Errorf("relayed %q", got)
	}
}

func TestGossipReplacesByName(t *testing.T) {
	g, _ := testGossip(nil)
	g.broadcast("a", []byte("1"))
	g.broadcast("b", []byte("1"))
	g.broadcast("a", []byte("2"))
	got := g.queue.GetBroadcasts(0, 1400)
	slices.SortFunc(got, bytes.Compare)
	if len(got) != 2 || string(got[0]) != "\x111" || string(got[1]) != "\x112" {
		t.Errorf("queued %q", got)
	}
}

func TestGossipIgnoresWhatItDoesNotKnow(t *testing.T) {
	w := &words{}
	g, log := testGossip(w)
	for _, m := range []string{"", "\x00x", "\x13x", "\x21x", "\xffx", "plain"} {
		g.receive([]byte(m))
	}
	if len(g.inbox) != 0 || g.unknown.Load() != 5 {
		t.Errorf("%d messages taken, %d counted", len(g.inbox), g.unknown.Load())
	}
	g.receive([]byte("\x11!"))
	g.receive([]byte("\x11"))
	drain(g)
	if g.unreadable.Load() != 2 || strings.Count(log.String(), "cannot be read") != 1 {
		t.Errorf("%d unreadable, log %s", g.unreadable.Load(), log)
	}
	nothing, _ := testGossip(nil)
	nothing.receive([]byte("\x11x"))
	if len(nothing.inbox) != 0 || nothing.whole() != nil {
		t.Error("a node without a State takes or sends messages")
	}
}

func TestGossipBounds(t *testing.T) {
	g, log := testGossip(&words{})
	g.broadcast("n", make([]byte, messageLimit-1))
	g.broadcast("n", make([]byte, messageLimit))
	if g.queue.NumQueued() != 1 || g.oversized.Load() != 1 || !strings.Contains(log.String(), "too large to be gossiped") {
		t.Errorf("queued %d, counted %d, log %s", g.queue.NumQueued(), g.oversized.Load(), log)
	}
	for i := range queueLimit + 100 {
		g.broadcast(fmt.Sprint(i), []byte("x"))
	}
	if got := g.queue.NumQueued(); got > queueLimit {
		t.Errorf("%d pieces queued", got)
	}
	for range inboxLimit + 5 {
		g.receive([]byte("\x11x"))
	}
	if len(g.inbox) != inboxLimit || g.overrun.Load() != 5 {
		t.Errorf("%d in the inbox, %d dropped", len(g.inbox), g.overrun.Load())
	}
	if strings.Count(log.String(), "were dropped") != 1 {
		t.Errorf("log %s", log)
	}
}

func TestWholeState(t *testing.T) {
	g, log := testGossip(&words{whole: []byte("all")})
	if got := g.whole(); string(got) != "\x12all" {
		t.Errorf("got %q", got)
	}
	for _, w := range []*words{{err: errors.New("no")}, {whole: make([]byte, stateLimit+1)}} {
		g.state = w
		if got := g.whole(); got != nil {
			t.Errorf("%d bytes sent", len(got))
		}
	}
	if !strings.Contains(log.String(), "cannot be exchanged") {
		t.Errorf("log %s", log)
	}
}

func TestFlushWaitsForWhatCameBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &words{block: make(chan struct{})}
		g, _ := testGossip(w)
		ctx, cancel := context.WithCancel(t.Context())
		var tasks sync.WaitGroup
		tasks.Go(func() { g.run(ctx) })
		g.receive([]byte("\x11x"))
		flushed := false
		tasks.Go(func() { g.flush(ctx); flushed = true })
		synctest.Wait()
		if flushed {
			t.Error("flush did not wait")
		}
		close(w.block)
		synctest.Wait()
		if !flushed || len(w.known) != 1 {
			t.Errorf("flushed %v, known %q", flushed, w.known)
		}
		cancel()
		tasks.Wait()
		g.flush(ctx) // nobody merges any more
	})
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		var got []string
		say := func(kind string) { l.do(kind, func(more int) { got = append(got, fmt.Sprint(kind, more)) }) }
		for range 4 {
			say("a")
		}
		say("b")
		time.Sleep(time.Minute)
		say("a")
		if want := []string{"a0", "b0", "a3"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// FuzzGossip feeds everything that other processes can make memberlist call us
// with. Nothing may panic, and names must stay printable.
func FuzzGossip(f *testing.F) {
	f.Add("a~1", []byte("\x11x"), told("a", StatusActive, 1))
	f.Add("~", []byte("\x12"), []byte{})
	f.Add("", []byte("\xff\x00"), []byte{1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, id string, message, meta []byte) {
		g, _ := testGossip(&words{whole: message})
		v := testView()
		d := delegate{view: v, gossip: g, meta: sampleAnnouncement().encode}
		n := &memberlist.Node{Name: id, Addr: message, Meta: meta}
		d.NotifyMsg(message)
		d.MergeRemoteState(message, true)
		d.NotifyMsg(append([]byte{kindDelta}, message...))
		d.NotifyJoin(n)
		d.NotifyUpdate(&memberlist.Node{Name: id, Meta: message})
		d.NotifyConflict(n, n)
		d.NotifyPingComplete(n, time.Second, message)
		drain(g)
		d.GetBroadcasts(2, 1400)
		d.LocalState(false)
		for range 2 {
			for _, m := range v.members() {
				if !printable(m.Name) || !printable(m.Version) || m.Name == "" && id != "" {
					t.Errorf("member %q version %q of process %q", m.Name, m.Version, id)
				}
			}
			d.NotifyLeave(n)
		}
	})
}
