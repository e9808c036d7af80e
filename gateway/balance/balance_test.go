package balance

import (
	"fmt"
	"testing"
	"time"
)

func allUp(string, string) uint8 { return up }

func group(weights ...int) *Group {
	var in []Instance
	for i, w := range weights {
		in = append(in, Instance{ID: fmt.Sprintf("p/%d@x", i), Priority: 1, Weight: w})
	}
	return NewGroup("p", time.Hour, in)
}

func TestSharesFollowWeights(t *testing.T) {
	g, b := group(100, 300), New(time.Now)
	var count [2]int
	for i := range 20000 {
		c, ok := b.Pick(g, Key{APIKey: fmt.Sprint("k", i)}, "m", 0, allUp)
		if !ok {
			t.Fatal("nothing picked")
		}
		count[c.Index]++
	}
	if share := float64(count[1]) / 20000; share < 0.73 || share > 0.77 {
		t.Errorf("an instance of three quarters of the weight got %.3f", share)
	}
}

func TestExceptionsStayAndCoolingDoesNot(t *testing.T) {
	g, b, k := group(100, 100), New(time.Now), Key{APIKey: "k"}
	home, _ := b.Pick(g, k, "m", 0, allUp)
	other := func(id, _ string) uint8 {
		if id == home.ID {
			return down
		}
		return up
	}
	away, ok := b.Pick(g, k, "m", 0, other)
	if !ok || away.Index == home.Index {
		t.Fatalf("%+v", away)
	}
	b.Settle(g, k, away, false) // a rate limit's rest
	if c, _ := b.Pick(g, k, "m", 0, allUp); c.Index != home.Index {
		t.Error("the key did not come home after a rest")
	}
	b.Settle(g, k, away, true) // a failure
	if c, _ := b.Pick(g, k, "m", 0, allUp); c.Index != away.Index {
		t.Error("the key left the instance where its cache is warm")
	}
}

func BenchmarkPick(b *testing.B) {
	g, l, k := group(100, 100, 100, 100), New(time.Now), Key{APIKey: "search-team"}
	b.ReportAllocs()
	for b.Loop() {
		l.Pick(g, k, "m", 0, allUp)
	}
}
