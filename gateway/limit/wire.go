package limit

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Bounds of what another node may make this one keep.
const (
	maxKeys = 1 << 18
	maxRows = 256
	maxText = 256
	maxSum  = 1 << 54 // of any number, such as 200 days in nanoseconds: sums of rows do not overflow
)

const wireVersion = 1

// ErrWire is a message that is no table's.
var ErrWire = errors.New("limit: not a message of this version")

// Changed returns the keys of which others have not been told, and takes them
// to be told: Touch a key again when that failed.
func (t *Table) Changed() []string {
	var keys []string
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for key, a := range s.m {
			if a.dirty {
				a.dirty, a.untold = false, 0
				keys = append(keys, key)
			}
		}
		s.mu.Unlock()
	}
	return keys
}

// Touch makes Changed return the key.
func (t *Table) Touch(key string) {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.m[key]; a != nil {
		a.dirty = true
	}
}

// Keys returns every key that something is known of; served tells whether this
// process has itself served it.
func (t *Table) Keys() map[string]bool {
	keys := make(map[string]bool)
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for key, a := range s.m {
			keys[key] = a.own().version > 0
		}
		s.mu.Unlock()
	}
	return keys
}

// Append writes what is known of a key behind b; nothing where nothing is.
// Entries may follow each other in one message.
func (t *Table) Append(b []byte, key string) []byte {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.m[key]
	if a == nil {
		return b
	}
	now := t.clock()
	b = append(b, wireVersion)
	b = appendText(b, key)
	b = binary.AppendUvarint(b, uint64(len(a.rows)))
	for _, r := range a.rows {
		r.advance(now)
		heard := now - r.heard
		if r == a.own() {
			heard = 0
		}
		b = r.append(b, now, heard)
	}
	return b
}

func (r *row) append(b []byte, now, heard int64) []byte {
	b = appendText(b, r.origin)
	for _, n := range [...]uint64{
		r.version, bounded(now - r.base), bounded(heard), bounded(r.flying), bounded(int64(r.pending)), r.settled,
		bounded(int64(r.spent)), bounded(r.dayEnd - now),
	} {
		b = binary.AppendUvarint(b, n)
	}
	used := 0
	for i := range r.cells {
		if r.cells[i] != (cell{}) {
			used++
		}
	}
	b = binary.AppendUvarint(b, uint64(used))
	for s := r.head; r.holds(s) && used > 0; s-- {
		if c := r.cell(s); *c != (cell{}) {
			used--
			b = binary.AppendUvarint(b, uint64(r.head-s))
			b = binary.AppendUvarint(b, bounded(c.requests))
			b = binary.AppendUvarint(b, bounded(c.tokens))
		}
	}
	return b
}

// Merge takes over a message of entries; fresh is told of the keys of which
// something was new. What a broken message says before its fault is taken.
func (t *Table) Merge(b []byte, fresh func(key string)) error {
	d := decoder{b: b}
	for len(d.b) > 0 && !d.bad {
		if d.byte() != wireVersion {
			return ErrWire
		}
		key := d.text()
		n := d.number()
		if d.bad || n > maxRows {
			return ErrWire
		}
		rows := make([]*row, 0, min(n, 8))
		now := t.clock()
		for range n {
			r := d.row(now)
			if d.bad {
				return ErrWire
			}
			rows = append(rows, r)
		}
		if t.take(key, rows, now) {
			fresh(key)
		}
	}
	if d.bad {
		return ErrWire
	}
	return nil
}

// take keeps the rows that are newer than what is known.
func (t *Table) take(key string, rows []*row, now int64) (news bool) {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[key] == nil && len(s.m) >= maxKeys/shards {
		return false
	}
	a := t.account(s, key)
	for _, r := range rows {
		if r.origin == t.origin || r.version == 0 {
			continue // nobody knows better than this process itself
		}
		i := slices.IndexFunc(a.rows, func(x *row) bool { return x.origin == r.origin })
		switch {
		case i < 0 && len(a.rows) >= maxRows:
		case i < 0:
			a.rows = append(a.rows, r)
			news = true
		case a.rows[i].version < r.version:
			a.rows[i] = r
			news = true
		}
	}
	return news
}

func bounded(n int64) uint64 { return uint64(min(max(n, 0), maxSum)) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count is a number of things, of nanoseconds or of money.
func (d *decoder) count() int64 {
	v := d.number()
	if v > maxSum {
		d.bad = true
		return 0
	}
	return int64(v)
}

func (d *decoder) text() string {
	n := d.number()
	if n > maxText || n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) row(now int64) *row {
	r := &row{origin: d.text(), version: d.number()}
	r.base = now - d.count()
	r.heard = now - d.count()
	r.flying = d.count()
	r.pending = Money(d.count())
	r.settled = d.number()
	r.spent = Money(d.count())
	r.dayEnd = now + d.count()
	r.head = r.at(now)
	used := d.number()
	if used > window {
		d.bad = true
		return r
	}
	for range used {
		back := d.number()
		requests, tokens := d.count(), d.count()
		if d.bad || back >= window {
			d.bad = true
			return r
		}
		if s := r.head - int64(back); *r.cell(s) == (cell{}) {
			r.add(s, requests, tokens)
		}
	}
	return r
}
