package health

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The encoding: a version byte, then records, each a kind byte, the id, the
// model, the version, and what the kind needs. Numbers are varints, texts are
// length-prefixed, times are milliseconds from now.
const (
	wireVersion = 2

	wireUp      = 0
	wireDown    = 1
	wireClaim   = 2 // down, and a node is trying it
	wireCooling = 3
	wireReport  = 4 // the origin cannot reach it
)

var errWire = errors.New("health: the message cannot be read")

// MarshalBinary encodes all that is still of effect, for a joining node and
// for the regular exchange.
func (t *Table) MarshalBinary() ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	now := t.o.Now()
	keys := make([]key, 0, len(t.records))
	for k, r := range t.records {
		if k.kind == report && now.After(r.until.Add(keepAfter)) {
			continue // this node's own, of effect for itself alone
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(nameOf(a), nameOf(b)) })
	return t.encode(keys), nil
}

func (t *Table) encode(keys []key) []byte {
	now := t.o.Now()
	b := []byte{wireVersion}
	for _, k := range keys {
		r := t.records[k]
		kind := byte(wireUp)
		switch {
		case k.kind == cooling:
			kind = wireCooling
		case k.kind == report:
			kind = wireReport
		case r.claim:
			kind = wireClaim
		case r.down:
			kind = wireDown
		}
		b = append(b, kind)
		b = appendText(b, k.id)
		b = appendText(b, k.model)
		b = binary.AppendUvarint(b, r.version)
		b = binary.AppendUvarint(b, millis(r.until.Sub(now)))
		b = binary.AppendUvarint(b, millis(now.Sub(r.since)))
		b = append(b, r.streak)
		b = appendText(b, string(r.cause))
		b = appendText(b, r.reason)
		b = appendText(b, r.origin)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func millis(d time.Duration) uint64 {
	return uint64(max(d.Milliseconds(), 0))
}

// Merge takes in a delta or a whole table of another node. relay gets each
// record that was news, to be passed on. A message that cannot be read changes
// nothing. Records of instances that are not configured here are kept and
// passed on, and count once they are configured.
func (t *Table) Merge(b []byte, relay func(name string, delta []byte)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Now()
	news, err := decode(b, now)
	if err != nil {
		return err
	}
	for _, n := range news {
		t.lamport = max(t.lamport, n.record.version)
		if n.key.kind == report && n.key.origin == t.o.Origin {
			continue // known here, or of a process before this one, whose network is not this one's
		}
		old := t.records[n.key]
		if old == nil && len(t.records) >= maxRecords {
			t.expire()
			if len(t.records) >= maxRecords {
				continue
			}
		}
		if old != nil && !newer(n.key, n.record, old) {
			continue
		}
		t.store(n.key, n.record, "gossip")
		if relay != nil {
			relay(nameOf(n.key), t.encode([]key{n.key}))
		}
		t.heard(n.key)
	}
	return nil
}

// heard tells of a report that stands alone, so that somebody looks after it.
func (t *Table) heard(k key) {
	s := t.known[k.id]
	if k.kind != report || s == nil || s.down.Load() {
		return
	}
	if by := t.reporters(k.id, s); len(by) == 1 && by[0] == k.origin && k.origin != t.o.Origin {
		t.o.OnReport(k.id, k.origin)
	}
}

// newer is the order of two records of one key. It must not depend on when
// they arrived, beyond the rounding of what is left of them: equal versions
// of equal origin are the same record.
func newer(k key, a, b *record) bool {
	if a.version == b.version && a.origin == b.origin && a.down == b.down {
		return false
	}
	if k.kind == cooling { // the latest end, whoever says so
		return a.until.After(b.until.Add(500 * time.Millisecond))
	}
	if a.version != b.version {
		return a.version > b.version
	}
	if a.down != b.down {
		return a.down
	}
	return a.origin > b.origin
}

// expire drops records whose effect is over for everybody.
func (t *Table) expire() {
	now := t.o.Now()
	for k, r := range t.records {
		over := r.until
		switch {
		case k.kind == truth && r.down && t.known[k.id] != nil:
			continue // down until a trial succeeds
		case k.kind == truth && !r.down:
			over = r.since.Add(credentialPause) // longer than the reports that it voids
		case k.kind == report && k.origin == t.o.Origin && t.counts(k.id, k, r):
			continue // as above, for this node
		}
		if now.After(over.Add(keepAfter)) {
			delete(t.records, k)
			t.resolve(k.id, "local")
		}
	}
}

type decoded struct {
	key    key
	record *record
}

func decode(b []byte, now time.Time) ([]decoded, error) {
	if len(b) == 0 || b[0] != wireVersion {
		return nil, fmt.Errorf("%w: unknown version", errWire)
	}
	d := decoder{b: b[1:]}
	var out []decoded
	for len(d.b) > 0 && !d.bad {
		wire := d.byte()
		k := key{id: d.text(maxID), model: d.text(maxModel)}
		r := &record{down: wire != wireUp, claim: wire == wireClaim, version: d.number(1 << 62)}
		r.until = now.Add(time.Duration(d.number(uint64(24*time.Hour/time.Millisecond))) * time.Millisecond)
		r.since = now.Add(-time.Duration(d.number(uint64(10*365*24*time.Hour/time.Millisecond))) * time.Millisecond)
		r.streak = d.byte()
		r.cause, r.reason, r.origin = Cause(d.text(32)), d.text(maxReason), d.text(256)
		switch wire {
		case wireCooling:
			k.kind = cooling
		case wireReport:
			k.kind, k.origin = report, r.origin
		}
		if wire > wireReport || k.id == "" || r.streak > 20 || len(out) >= maxRecords {
			d.bad = true
		}
		out = append(out, decoded{k, r})
	}
	if d.bad {
		return nil, errWire
	}
	return out, nil
}

// decoder reads with bounds; after the first fault everything is zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) byte() byte {
	if d.bad || len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) number(most uint64) uint64 {
	if d.bad {
		return 0
	}
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > most {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text(most uint64) string {
	n := d.number(most)
	if d.bad || uint64(len(d.b)) < n {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
