package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
)

func names(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprintf("gw-%d", i+1)
	}
	return s
}

func mustNew(t testing.TB, names []string) *Ring {
	t.Helper()
	r, err := New(names)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// partitionKeys returns one key for every partition.
func partitionKeys(t testing.TB) []string {
	t.Helper()
	keys := make([]string, partitions)
	for i, left := 0, partitions; left > 0; i++ {
		key := fmt.Sprintf("key-%d", i)
		if p := partition(key); keys[p] == "" {
			keys[p] = key
			left--
		}
	}
	return keys
}

func TestEmptyAndSingle(t *testing.T) {
	r := mustNew(t, nil)
	if r.Owner("k") != "" || r.Standby("k") != "" || len(r.Shares()) != 0 || len(r.Names()) != 0 {
		t.Errorf("empty ring: owner %q, stand-by %q, shares %v", r.Owner("k"), r.Standby("k"), r.Shares())
	}
	r = mustNew(t, []string{"gw-1"})
	if r.Owner("k") != "gw-1" || r.Standby("k") != "" || r.Shares()["gw-1"] != 1 {
		t.Errorf("ring of one: owner %q, stand-by %q, shares %v", r.Owner("k"), r.Standby("k"), r.Shares())
	}
	if p := r.Partition("k"); p != mustNew(t, names(5)).Partition("k") || p < 0 || p >= partitions {
		t.Errorf("partition %d depends on the members or is out of range", p)
	}
}

func TestRefused(t *testing.T) {
	if _, err := New([]string{"gw-1", ""}); err == nil {
		t.Error("an empty name was accepted")
	}
	if _, err := New(names(70000)); !errors.Is(err, ErrTooMany) {
		t.Errorf("70000 names: error %v, want ErrTooMany", err)
	}
}

// TestPanicBecomesAnError: the library hands out no owner for no names, which
// place would trip over; New never asks it for that.
func TestPanicBecomesAnError(t *testing.T) {
	if owner, err := place(nil); err == nil || owner != nil {
		t.Errorf("%d owners, error %v", len(owner), err)
	}
}

func TestPureFunctionOfTheSet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 7, 20} {
		want := mustNew(t, names(n))
		for range 4 {
			mixed := names(n)
			rnd.Shuffle(n, func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			mixed = append(mixed, mixed[:n/2]...)
			before := slices.Clone(mixed)
			got := mustNew(t, mixed)
			if !slices.Equal(got.owner, want.owner) || got.Print() != want.Print() {
				t.Fatalf("%d names: order or duplicates change the ring", n)
			}
			if !slices.Equal(mixed, before) {
				t.Fatal("New changed the caller's slice")
			}
			if diff := cmp.Diff(want.Names(), got.Names()); diff != "" {
				t.Fatalf("names (-want +got):\n%s", diff)
			}
		}
	}
}

func TestPrintTellsSetsApart(t *testing.T) {
	seen := map[uint64][]string{}
	for _, s := range [][]string{nil, {"a"}, {"b"}, {"a", "b"}, {"ab"}, {"a", "bc"}, {"ab", "c"}} {
		p := mustNew(t, s).Print()
		if other, ok := seen[p]; ok {
			t.Errorf("%q and %q have one fingerprint", s, other)
		}
		seen[p] = s
	}
}

func TestBalance(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 10, 50, 100} {
		shares := mustNew(t, names(n)).Shares()
		sum, most := 0.0, 0.0
		for _, s := range shares {
			sum, most = sum+s, max(most, s)
		}
		if math.Abs(sum-1) > 1e-9 || len(shares) != n {
			t.Errorf("%d names: %d shares sum to %v", n, len(shares), sum)
		}
		// The bound is ceil(partitions/n*load) partitions.
		if limit := math.Ceil(float64(partitions)/float64(n)*load) / partitions; most > limit {
			t.Errorf("%d names: busiest owns %.4f, limit %.4f", n, most, limit)
		}
	}
}

// TestMovement checks what a leave (and, read backwards, a join) moves: all of
// the node's own partitions and little else.
func TestMovement(t *testing.T) {
	for _, n := range []int{3, 5, 10, 30} {
		all := mustNew(t, names(n))
		moved, owned := 0, 0
		for gone := range n {
			rest := mustNew(t, slices.Delete(names(n), gone, gone+1))
			for p := range partitions {
				before, after := all.names[all.owner[p]], rest.names[rest.owner[p]]
				if before != after {
					moved++
				}
				if before == fmt.Sprintf("gw-%d", gone+1) {
					owned++
				}
			}
		}
		ratio := float64(moved) / float64(owned)
		t.Logf("%d names: a leave moves %.3f of the ideal", n, ratio)
		if ratio < 1 || ratio > 1.15 {
			t.Errorf("%d names: a leave moves %.3f of the ideal", n, ratio)
		}
	}
}

func TestStandbyIsTheOwnerAfterRemoval(t *testing.T) {
	keys := partitionKeys(t)
	for _, n := range []int{2, 3, 8} {
		r := mustNew(t, names(n))
		for _, gone := range r.Names() {
			rest := mustNew(t, slices.DeleteFunc(names(n), func(s string) bool { return s == gone }))
			for _, key := range keys {
				if r.Owner(key) != gone {
					continue
				}
				if got, want := r.Standby(key), rest.Owner(key); got != want {
					t.Fatalf("%d names, key %q of %s: stand-by %s, owner after removal %s", n, key, gone, got, want)
				}
			}
		}
	}
}

func TestStandbyConcurrently(t *testing.T) {
	r, want := mustNew(t, names(6)), mustNew(t, names(6))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				r.Standby(fmt.Sprintf("key-%d-%d", g, i))
			}
		})
	}
	wg.Wait()
	for i := range 2000 {
		if key := fmt.Sprint(i); r.Standby(key) != want.Standby(key) {
			t.Fatalf("key %s: stand-by differs after concurrent use", key)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	r := mustNew(t, names(10))
	key := "search-team"
	r.Standby(key)
	if n := testing.AllocsPerRun(1000, func() { r.Owner(key) }); n != 0 {
		t.Errorf("Owner allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { r.Standby(key) }); n != 0 {
		t.Errorf("Standby allocates %v times", n)
	}
}

// TestGoldenLayout fails when the layout changes by accident: by a constant, the
// hash or another release of the library. A change on purpose needs a new
// Version, because nodes of both layouts will meet in one cluster.
func TestGoldenLayout(t *testing.T) {
	for _, g := range []struct {
		n             int
		print, digest uint64
	}{
		{3, goldenPrint3, goldenTable3},
		{10, goldenPrint10, goldenTable10},
	} {
		r := mustNew(t, names(g.n))
		var table []byte
		for _, o := range r.owner {
			table = binary.LittleEndian.AppendUint16(table, o)
		}
		if got := xxhash.Sum64(table); r.Print() != g.print || got != g.digest || Version != 1 {
			t.Errorf("%d names: print %#x table %#x, want %#x %#x for version 1", g.n, r.Print(), got, g.print, g.digest)
		}
	}
	r := mustNew(t, names(3))
	got := []string{}
	for _, key := range []string{"search-team", "agents", ""} {
		got = append(got, fmt.Sprintf("%q %d %s %s", key, r.Partition(key), r.Owner(key), r.Standby(key)))
	}
	if diff := cmp.Diff(goldenKeys, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{3, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := names(n)
			for b.Loop() {
				mustNew(b, s)
			}
		})
	}
}

func BenchmarkOwner(b *testing.B) {
	r := mustNew(b, names(10))
	b.ReportAllocs()
	for b.Loop() {
		r.Owner("search-team")
	}
}

func BenchmarkStandby(b *testing.B) {
	r := mustNew(b, names(10))
	b.ReportAllocs()
	for b.Loop() {
		r.Standby("search-team")
	}
}
