package protocol

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// wrapPrefix begins every signature that this gateway made, so that it is
// never taken for one of a provider's.
const wrapPrefix = "llmgw1."

// wrapPrefix64 begins the base64 of a text that begins with wrapPrefix.
const wrapPrefix64 = "bGxtZ3cx"

// isWrapped tells whether a string, with its quotes, begins with one of them.
func isWrapped(quoted []byte) bool {
	const n = 1 + len(wrapPrefix)
	return len(quoted) > len(nothingWrapped) && (string(quoted[1:n]) == wrapPrefix || string(quoted[1:n+1]) == wrapPrefix64)
}

// nothingWrapped is a signature of the gateway's that carries none. It keeps a
// block well-formed in a dialect that demands a signature.
const nothingWrapped = wrapPrefix + "none"

var makerLetters = [...]byte{NoMaker: 0, MadeByAnthropic: 'a', MadeByGemini: 'g', MadeByOpenAI: 'o'}

// Wrap returns s in a form that a client of another dialect carries where its
// own provider's signatures stand, and gives back. It depends on s alone and
// needs no escaping in JSON. [Unwrap] is the way back.
func (s Signature) Wrap() Text {
	if !s.Present() || int(s.Maker) >= len(makerLetters) {
		return Text(`"` + nothingWrapped + `"`)
	}
	id, data := s.ID.Inner(), s.Data.Inner()
	plain := make([]byte, 0, len(id)+len(data)+2)
	plain = append(plain, makerLetters[s.Maker])
	plain = append(plain, id...)
	plain = append(plain, '\n') // inside of a JSON string it would be escaped
	plain = append(plain, data...)

	enc := base64.RawURLEncoding
	out := make(Text, 0, enc.EncodedLen(len(plain))+len(wrapPrefix)+2)
	out = append(out, '"')
	out = append(out, wrapPrefix...)
	out = enc.AppendEncode(out, plain)
	return append(out, '"')
}

// Unwrap reads what [Signature.Wrap] made. It returns false for everything
// else: that is a provider's own, or damaged. A wrapped nothing is the zero
// Signature and true. t may come from anybody.
func Unwrap(t Text) (Signature, bool) {
	if !bytes.Contains(t, []byte(wrapPrefix)) {
		return Signature{}, false
	}
	coded, ours := strings.CutPrefix(t.String(), wrapPrefix)
	if !ours {
		return Signature{}, false
	}
	if coded == "none" {
		return Signature{}, true
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(coded)
	if err != nil || len(plain) == 0 {
		return Signature{}, false
	}
	maker := bytes.IndexByte(makerLetters[1:], plain[0]) + 1
	id, data, whole := bytes.Cut(plain[1:], []byte("\n"))
	if maker == 0 || !whole || len(data) == 0 {
		return Signature{}, false
	}
	s := Signature{Maker: Maker(maker), Data: quoted(data)}
	if len(id) > 0 {
		s.ID = quoted(id)
	}
	if !isString(s.Data) || s.ID != nil && !isString(s.ID) {
		return Signature{}, false
	}
	return s, true
}

func quoted(inner []byte) Text {
	t := make(Text, 0, len(inner)+2)
	t = append(t, '"')
	t = append(t, inner...)
	return append(t, '"')
}

// isString tells whether t is a whole JSON string and nothing more.
func isString(t Text) bool {
	s := scanner{body: t}
	return len(t) > 1 && t[0] == '"' && s.string(1) == len(t)
}
