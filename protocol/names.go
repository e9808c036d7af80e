package protocol

import (
	"crypto/sha256"
	"encoding/hex"
)

// Rule is what a provider accepts as the name of a tool or the id of a call:
// letters, digits, '_' and what Extra lists, at most Max bytes. Start tells
// that the first must be a letter or '_'.
type Rule struct {
	Max   int
	Extra string
	Start bool
}

func (r *Rule) ok(i int, b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_':
		return true
	case i == 0 && r.Start:
		return false
	case b >= '0' && b <= '9':
		return true
	}
	for j := range len(r.Extra) {
		if r.Extra[j] == b {
			return true
		}
	}
	return false
}

// Fits tells whether t can be sent as it is.
func (r *Rule) Fits(t Text) bool {
	inner := t.Inner()
	if len(inner) == 0 || len(inner) > r.Max {
		return false
	}
	for i, b := range inner {
		if !r.ok(i, b) {
			return false
		}
	}
	return true
}

// hashed is how many bytes of a changed name are "_" and a hash of the whole:
// two names that differ only in what is not accepted stay two names.
const hashed = 9

// Fit returns t where it fits, else a name that does and that depends on t
// alone: what is not accepted becomes '_', and a hash is put behind.
func (r *Rule) Fit(t Text) Text {
	if r.Fits(t) {
		return t
	}
	s := t.String()
	sum := sha256.Sum256([]byte(s))
	out := make(Text, 0, r.Max+2)
	out = append(out, '"')
	if s == "" || r.Start && s != "" && !r.ok(0, s[0]) {
		out = append(out, '_')
	}
	for i := 0; i < len(s) && len(out)-1 < r.Max-hashed; i++ {
		b := s[i]
		if !r.ok(1, b) {
			b = '_'
		}
		out = append(out, b)
	}
	out = append(out, '_')
	out = hex.AppendEncode(out, sum[:(hashed-1)/2])
	return append(out, '"')
}

// SendName returns what the instance calls the client's tool, and remembers
// the way back for [Exchange.ClientName].
func (x *Exchange) SendName(name Text, r *Rule) Text {
	if r.Fits(name) {
		return name
	}
	sent := r.Fit(name)
	if x.names == nil {
		x.names = make(map[string]Text)
	}
	x.names[string(sent)] = name
	return sent
}

// ClientName returns what the client calls the tool that the instance calls
// name.
func (x *Exchange) ClientName(name Text) Text {
	if was, ok := x.names[string(name)]; ok {
		return was
	}
	return name
}
