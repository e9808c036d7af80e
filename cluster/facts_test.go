package cluster_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/llmgw/llmgw/cluster"
)

// facts is a State for tests: the highest version of each name wins.
type facts struct {
	mu   sync.Mutex
	v    map[string]uint64
	slow time.Duration // how long a Merge takes
}

var errFacts = errors.New("facts: malformed")

func (f *facts) set(name string, version uint64) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.v == nil {
		f.v = map[string]uint64{}
	}
	f.v[name] = max(f.v[name], version)
	return encodeFact(name, version)
}

func (f *facts) get(name string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.v[name]
}

func encodeFact(name string, version uint64) []byte {
	b := append([]byte{byte(len(name))}, name...)
	return binary.BigEndian.AppendUint64(b, version)
}

func (f *facts) MarshalBinary() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(f.v)) {
		b = append(b, encodeFact(name, f.v[name])...)
	}
	return b, nil
}

func (f *facts) Merge(b []byte, relay func(string, []byte)) error {
	time.Sleep(f.slow)
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+8 {
			return errFacts
		}
		name, version := string(b[1:1+n]), binary.BigEndian.Uint64(b[1+n:])
		if version > f.get(name) {
			relay(name, f.set(name, version))
		}
		b = b[1+n+8:]
	}
	return nil
}

// withFacts gives every node a State and returns them by name.
func withFacts(slow time.Duration) (map[string]*facts, func(string, *cluster.Options)) {
	all := map[string]*facts{}
	var mu sync.Mutex
	return all, func(name string, o *cluster.Options) {
		mu.Lock()
		defer mu.Unlock()
		all[name] = &facts{slow: slow}
		o.State = all[name]
	}
}

// missing counts the facts that do not hold the version.
func missing(all map[string]*facts, name string, version uint64) int {
	n := 0
	for _, f := range all {
		if f.get(name) != version {
			n++
		}
	}
	return n
}

func nodeName(i int) string { return fmt.Sprintf("gw-%d", i+1) }
