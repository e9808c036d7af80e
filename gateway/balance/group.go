package balance

import (
	"math"
	"slices"
	"strings"
	"time"
)

// MaxInstances is how many instances a provider can have: Pick's set of tried
// ones is one word.
const MaxInstances = 64

// Instance is one instance of a provider.
type Instance struct {
	ID       string // "provider/instance@digest"; what is before the @ is the instance's place in the hash
	Priority int    // lowest first
	Weight   int    // among equals
}

// Group is a provider's instances, immutable; one a provider and snapshot.
type Group struct {
	provider string
	ttl      time.Duration
	members  []member
	byRank   []int // indices, the best priority first
	even     bool  // all weights are equal
}

type member struct {
	Instance
	name   string // stable: without the credentials' digest
	hash   uint64
	weight float64
}

// NewGroup prepares a provider's instances; ttl is how long a session lives
// after its last request. Instances beyond 64 are never picked.
func NewGroup(provider string, ttl time.Duration, instances []Instance) *Group {
	g := &Group{provider: provider, ttl: ttl}
	for i, in := range instances {
		if i == MaxInstances {
			break
		}
		name, _, _ := strings.Cut(in.ID, "@")
		g.members = append(g.members, member{Instance: in, name: name, hash: hashText(seed, name), weight: float64(max(in.Weight, 1))})
		g.byRank = append(g.byRank, i)
	}
	g.even = !slices.ContainsFunc(g.members, func(m member) bool { return m.weight != g.members[0].weight })
	slices.SortStableFunc(g.byRank, func(a, b int) int { return g.members[a].Priority - g.members[b].Priority })
	return g
}

// choose is the rendezvous: the member with the highest score among those of
// the best priority that usable has (a bit each); -1 when there is none.
func (g *Group) choose(key uint64, usable uint64) int {
	best, bestScore, rank := -1, math.Inf(-1), 0
	for _, i := range g.byRank {
		m := &g.members[i]
		if usable&(1<<uint(i)) == 0 {
			continue
		}
		if best >= 0 && m.Priority != rank {
			break
		}
		rank = m.Priority
		if s := g.score(m, key); s > bestScore {
			best, bestScore = i, s
		}
	}
	return best
}

// score is -weight/ln(u), u uniform in (0,1): shares follow the weights, and a
// member that leaves moves its own keys only. Among equal weights it orders as
// u does.
func (g *Group) score(m *member, key uint64) float64 {
	u := (float64(mix(key^m.hash)>>11) + 0.5) / (1 << 53)
	if g.even {
		return u
	}
	return -m.weight / math.Log(u)
}

// all is the set of all members.
func (g *Group) all() uint64 {
	if len(g.members) == 64 {
		return math.MaxUint64
	}
	return 1<<uint(len(g.members)) - 1
}

// FNV-1a and the finalizer of splitmix64: fixed for ever, since every node
// and every version must place a key alike.
const (
	seed  uint64 = 14695981039346656037
	prime uint64 = 1099511628211
)

func hashText(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime
	}
	return (h ^ 0xff) * prime // ends the text: "ab","c" is not "a","bc"
}

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
