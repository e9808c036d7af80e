package gemini

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// Thinking of another provider's model must come back whole, its signature
// with it, before the call that followed it. Gemini's clients send back one
// thing faithfully: the thoughtSignature of a part. So the thinking travels
// there, as base64, which typed clients decode and encode again, of carried
// and a JSON array [kind, text, signature, kind, text, signature, ...].
// Where no call follows nobody wants it back, and it stays behind: SDKs drop a
// turn that has a part without words.
const (
	carried     = "llmgw1."
	carriedHead = "bGxtZ3cx" // how its base64 begins
)

// carry appends the thoughtSignature that holds thinking, in its order.
func carry(dst []byte, thinking []protocol.Part) []byte {
	plain := append([]byte(carried), '[')
	for i := range thinking {
		p := &thinking[i]
		if i > 0 {
			plain = append(plain, ',')
		}
		kind := `"t",`
		if p.Kind == protocol.PartRedacted {
			kind = `"r",`
		}
		plain = append(plain, kind...)
		plain = appendText(plain, p.Text)
		plain = append(plain, ',')
		plain = append(plain, p.Signature.Wrap()...)
	}
	plain = append(plain, ']')
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, plain)
	return append(dst, '"')
}

// appendText appends a text, an absent one as the empty one.
func appendText(dst []byte, t protocol.Text) []byte {
	if t == nil {
		return append(dst, '"', '"')
	}
	return append(dst, t...)
}

// uncarry reads what carry made; false: the signature is another's. It may
// come from anybody.
func uncarry(signature protocol.Text) ([]protocol.Part, bool) {
	if !bytes.HasPrefix(signature.Inner(), []byte(carriedHead)) {
		return nil, false
	}
	plain, err := base64.StdEncoding.DecodeString(signature.String())
	array, ours := bytes.CutPrefix(plain, []byte(carried))
	if err != nil || !ours {
		return nil, false
	}
	var out []protocol.Part
	var fields [3]protocol.Text
	n, whole := 0, true
	err = protocol.ScanArray(array, func(m protocol.Member) {
		v := m.Of(array)
		if v[0] != '"' {
			whole = false
			return
		}
		fields[n%3] = protocol.Text(v)
		if n++; n%3 != 0 {
			return
		}
		p := protocol.Part{Kind: protocol.PartThinking, Text: fields[1]}
		if fields[0].Is("r") {
			p = protocol.Part{Kind: protocol.PartRedacted}
		}
		s, ok := protocol.Unwrap(fields[2])
		p.Signature = s
		whole = whole && ok
		out = append(out, p)
	})
	return out, err == nil && whole && n%3 == 0
}

// skipValidator stands where Gemini 3 wants a signature and none is known:
// the API takes it, and its documentation names it for this.
const skipValidator = `"skip_thought_signature_validator"`

// signed appends a part of the model's with the signature that it came with.
func signed(out []protocol.Part, p protocol.Part, signature protocol.Text) []protocol.Part {
	if signature.Empty() || string(signature) == skipValidator || signature.Is("context_engineering_is_the_way_to_go") {
		if p.Kind != protocol.PartText || !p.Text.Empty() {
			out = append(out, p)
		}
		return out
	}
	if thinking, ok := uncarry(signature); ok {
		out = thought(out, thinking)
		if (p.Kind == protocol.PartText || p.Kind == protocol.PartThinking) && p.Text.Empty() {
			return out
		}
		return append(out, p)
	}
	p.Signature = protocol.Signature{Maker: protocol.MadeByGemini, Data: signature}
	return append(out, p)
}

// thought puts thinking where it was: at the front of the step, before words
// that stand between it and the call that carried it. What the client was
// shown of it stands there too, without the proof, and goes.
func thought(out, thinking []protocol.Part) []protocol.Part {
	at := len(out)
	for at > 0 && out[at-1].Kind != protocol.PartCall {
		at--
	}
	said := slices.DeleteFunc(slices.Clone(out[at:]), func(p protocol.Part) bool {
		return p.Kind == protocol.PartThinking && !p.Signature.Present()
	})
	return append(append(out[:at], thinking...), said...)
}
