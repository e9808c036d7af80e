// Package ring says which node of a cluster owns a key.
//
// A Ring is an immutable value and a pure function of the set of node names:
// nodes that see the same members compute the same owners without talking to
// each other. Keys fall into partitions by xxhash, partitions are placed by
// consistent hashing with bounded loads (github.com/buraksezer/consistent), so
// that a node that joins or leaves moves little more than its own share.
//
// The ring knows nothing of addresses, health or gossip. Who builds it swaps
// the whole value; a lookup takes no lock and allocates nothing.
package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/buraksezer/consistent"
	"github.com/cespare/xxhash/v2"
)

// Version names the layout: the constants below, the hash and the release of
// the placement library. Rings of different versions place most partitions
// differently, so nodes tell each other their version and only those of one
// version may share a ring.
const Version = 1

// The layout of version 1. A prime number of partitions spreads keys evenly;
// 64 replicas keep what a leave moves near the ideal 1/N; a load of 1.25 bounds
// the busiest node. Any change is a new Version.
const (
	partitions = 16381
	replicas   = 64
	load       = 1.25
)

// ErrTooMany is returned by New for more names than the owner table can index.
var ErrTooMany = errors.New("ring: more than 65535 names")

// Ring is an immutable placement of partitions on names. All methods may be
// called from any goroutine.
type Ring struct {
	names []string // sorted, distinct
	owner []uint16 // partition -> index in names; nil on an empty ring
	print uint64

	// standby holds the stand-by of every partition. The stretch of one owner's
	// partitions is written once, under that owner's entry in built, by whoever
	// asks first; the elements of different owners never overlap.
	standby []uint16
	built   []sync.Once
}

// none in the standby table means that there is no stand-by.
const none = math.MaxUint16

// New returns the ring of the names, in any order; repeated names count once.
// No names make an empty ring, on which Owner and Standby answer "". An empty
// name is refused. The cost grows with the number of names: about 2 ms for 3,
// 25 ms for 100.
func New(names []string) (*Ring, error) {
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 0 && names[0] == "" {
		return nil, errors.New("ring: a name is empty")
	}
	if len(names) >= none {
		return nil, ErrTooMany
	}
	r := &Ring{names: names, print: fingerprint(names)}
	if len(names) == 0 {
		return r, nil
	}
	owner, err := place(names)
	if err != nil {
		return nil, err
	}
	r.owner = owner
	r.standby = make([]uint16, partitions)
	r.built = make([]sync.Once, len(names))
	return r, nil
}

// Owner returns the name that owns the key, "" on an empty ring.
func (r *Ring) Owner(key string) string {
	if len(r.owner) == 0 {
		return ""
	}
	return r.names[r.owner[partition(key)]]
}

// Standby returns the name that would own the key if its owner were gone, ""
// with fewer than two names. The first question about the keys of an owner
// builds the ring without it, which takes as long as New; then it costs as much
// as Owner.
func (r *Ring) Standby(key string) string {
	if len(r.names) < 2 {
		return ""
	}
	p := partition(key)
	o := r.owner[p]
	r.built[o].Do(func() { r.fill(o) })
	if s := r.standby[p]; s != none {
		return r.names[s]
	}
	return ""
}

// Partition returns the partition of the key, from 0 to 16380. It does not
// depend on the members.
func (r *Ring) Partition(key string) int { return partition(key) }

// Shares returns the part of the partitions that each name owns; the parts sum
// to 1.
func (r *Ring) Shares() map[string]float64 {
	counts := make([]int, len(r.names))
	for _, o := range r.owner {
		counts[o]++
	}
	shares := make(map[string]float64, len(r.names))
	for i, name := range r.names {
		shares[name] = float64(counts[i]) / partitions
	}
	return shares
}

// Names returns the names, sorted. The caller owns the slice.
func (r *Ring) Names() []string { return slices.Clone(r.names) }

// Print returns a fingerprint of the ring: equal for equal sets of names in the
// same Version.
func (r *Ring) Print() uint64 { return r.print }

// fill writes the stand-bys of the partitions of owner o: their owners in the
// ring of all other names. consistent's own GetClosestN is no substitute: it
// names one successor for all partitions of a node and seldom the one that the
// ring really chooses after the node has left.
func (r *Ring) fill(o uint16) {
	rest := slices.Delete(slices.Clone(r.names), int(o), int(o)+1)
	next, err := place(rest)
	for p, owner := range r.owner {
		switch {
		case owner != o:
		case err != nil:
			r.standby[p] = none
		case next[p] >= o: // indices after the missing name are one higher in names
			r.standby[p] = next[p] + 1
		default:
			r.standby[p] = next[p]
		}
	}
}

func partition(key string) int { return int(xxhash.Sum64String(key) % partitions) }

// place computes the owner table for sorted, distinct names. The library panics
// where it finds no room; with these constants a scan of 18,000 sets never did,
// but a ring that cannot be built must not take the process down.
func place(names []string) (owner []uint16, err error) {
	defer func() {
		if p := recover(); p != nil {
			owner, err = nil, fmt.Errorf("ring: placing partitions on %d names: %v", len(names), p)
		}
	}()
	members := make([]consistent.Member, len(names))
	for i, name := range names {
		members[i] = member{name: name, index: uint16(i)}
	}
	c := consistent.New(members, consistent.Config{
		Hasher:            hasher{},
		PartitionCount:    partitions,
		ReplicationFactor: replicas,
		Load:              load,
	})
	owner = make([]uint16, partitions)
	for p := range owner {
		owner[p] = c.GetPartitionOwner(p).(member).index
	}
	return owner, nil
}

// fingerprint hashes the version and the names, each with its length so that
// no two lists run together.
func fingerprint(names []string) uint64 {
	b := binary.LittleEndian.AppendUint32(nil, Version)
	for _, name := range names {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
	}
	return xxhash.Sum64(b)
}

type member struct {
	name  string
	index uint16
}

// String makes member a consistent.Member.
func (m member) String() string { return m.name }

type hasher struct{}

// Sum64 makes hasher a consistent.Hasher.
func (hasher) Sum64(b []byte) uint64 { return xxhash.Sum64(b) }
