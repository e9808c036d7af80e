package protocol

import "bytes"

// CallIDs keeps the ids of one answer's calls apart: servers exist that give
// two calls the same, and a client that answers both by it answers none. The
// zero value is ready for use.
type CallIDs struct {
	seen []Text
}

// Part gives a call a new id where another call of the answer has its own
// already. Other parts stay as they are.
func (c *CallIDs) Part(x *Exchange, p *Part) {
	if p.Kind != PartCall {
		return
	}
	for _, id := range c.seen {
		if bytes.Equal(id, p.ID) {
			p.ID = TextOf(x.NewID("call_"))
			return
		}
	}
	c.seen = append(c.seen, bytes.Clone(p.ID))
}
