package gateway

import (
	"bufio"
	"bytes"
	"net"
	"testing"
	"time"
)

// client is the far end of a connection, read as it comes.
func client(t *testing.T) (net.Conn, *bufio.Reader) {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, bufio.NewReader(far)
}

func TestPulseWritesToThoseWhoWaitOnly(t *testing.T) {
	p := newPulse(15 * time.Second)
	now := time.Unix(1_700_000_000, 0)
	p.tick(now)
	conn, far := client(t)
	b := p.follow(conn, asChunk([]byte(comment)), func() { t.Error("the client is there") })
	defer b.end()

	p.tick(now.Add(time.Minute)) // it does not wait: nobody reads, so a write would fail
	now = now.Add(time.Minute)
	b.wait()
	p.tick(now.Add(14 * time.Second))
	for range 3 {
		now = now.Add(15 * time.Second)
		done := make(chan struct{})
		go func() { p.tick(now); close(done) }()
		want := "d\r\n: keepalive\n\n\r\n"
		got := make([]byte, len(want))
		if _, err := far.Read(got); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
		<-done
	}
	b.resume()
	p.tick(now.Add(time.Hour))
}

func TestPulseFindsWhoHasGone(t *testing.T) {
	p := newPulse(time.Second)
	now := time.Now()
	p.tick(now)
	var beats []*beat
	gone := make(chan int, 100)
	for i := range 100 { // more than there are writers
		conn, far := net.Pipe()
		if i%2 == 0 {
			far.Close()
		} else {
			go func() { _, _ = bufio.NewReader(far).WriteTo(&bytes.Buffer{}) }()
			t.Cleanup(func() { far.Close() })
		}
		b := p.follow(conn, asChunk([]byte(comment)), func() { gone <- i })
		b.wait()
		beats = append(beats, b)
	}
	p.tick(now.Add(time.Second))
	if len(gone) != 50 {
		t.Errorf("%d of 50 were found", len(gone))
	}
	for range len(gone) {
		if i := <-gone; i%2 != 0 {
			t.Errorf("client %d is there", i)
		}
	}
	for _, b := range beats {
		b.end()
	}
	if len(p.beats) != 0 {
		t.Errorf("%d streams are still followed", len(p.beats))
	}
}

// A client whose buffers are full holds up nobody for longer than the deadline.
func TestPulseGivesUpAStalledClient(t *testing.T) {
	p := newPulse(time.Second)
	now := time.Now()
	p.tick(now)
	stalled, _ := client(t)
	left := false
	b := p.follow(stalled, asChunk([]byte(comment)), func() { left = true })
	defer b.end()
	b.wait()
	began := time.Now()
	p.tick(now.Add(time.Second))
	if took := time.Since(began); !left || took > 2*pulseDeadline {
		t.Errorf("given up: %v, after %s", left, took)
	}
}
