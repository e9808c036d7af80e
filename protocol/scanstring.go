package protocol

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Eight bytes at a time: masks for arithmetic on the bytes of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns a word whose lowest set bit is the high bit of the first
// byte of w that is a quote, a backslash, a control character or not ASCII; 0
// when there is none. Bits above the lowest may be wrong: a subtraction that
// finds its byte borrows from the next one.
//
// Exchanging 0x20 and 0x22 puts the quote right behind the control
// characters, so that one subtraction finds both.
func special(w uint64) uint64 {
	return (((w ^ ones*0x02) - ones*0x21) | ((w ^ ones*'\\') - ones) | w) & highs
}

// string reads a string from behind its opening quote to behind its closing
// one, and checks escapes, control characters and UTF-8.
func (s *scanner) string(i int) int {
	b := s.body
	for {
		// Names and most values end within a word.
		if i+8 <= len(b) {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				goto found
			}
			i += 8
		}
		// Four words a turn: long texts and base64 are where bodies are big.
		for i+32 <= len(b) {
			p := b[i : i+32 : i+32]
			w0, w1 := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])
			w2, w3 := binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[24:])
			m0, m1, m2, m3 := special(w0), special(w1), special(w2), special(w3)
			if m0|m1|m2|m3 == 0 {
				i += 32
				continue
			}
			switch {
			case m0 != 0:
				i += bits.TrailingZeros64(m0) >> 3
			case m1 != 0:
				i += 8 + bits.TrailingZeros64(m1)>>3
			case m2 != 0:
				i += 16 + bits.TrailingZeros64(m2)>>3
			default:
				i += 24 + bits.TrailingZeros64(m3)>>3
			}
			goto found
		}
		for i < len(b) && b[i] >= 0x20 && b[i] != '"' && b[i] != '\\' && b[i] < utf8.RuneSelf {
			i++
		}
	found:
		if i >= len(b) {
			return s.fail(i, faultQuote)
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i); i < 0 {
				return -1
			}
		case c < 0x20:
			return s.fail(i, faultControl)
		default:
			if i = s.runes(i); i < 0 {
				return -1
			}
		}
	}
}

// runes reads characters beyond ASCII until the next ASCII one.
func (s *scanner) runes(i int) int {
	for i < len(s.body) && s.body[i] >= utf8.RuneSelf {
		// Three bytes, the most frequent by far: Chinese, Japanese, Korean,
		// typographic quotes. E0 and ED have narrower second bytes.
		if b := s.body[i:]; len(b) >= 3 && b[0]&0xf0 == 0xe0 && b[0] != 0xe0 && b[0] != 0xed &&
			b[1]&0xc0 == 0x80 && b[2]&0xc0 == 0x80 {
			i += 3
			continue
		}
		r, n := utf8.DecodeRune(s.body[i:])
		if r == utf8.RuneError && n == 1 {
			return s.fail(i, faultUTF8)
		}
		i += n
	}
	return i
}

// escape reads a backslash and what it stands before.
func (s *scanner) escape(i int) int {
	if i+1 >= len(s.body) {
		return s.fail(i+1, faultQuote)
	}
	switch s.body[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if _, ok := hex4(s.body[i+2:]); ok {
			return i + 6
		}
		return s.fail(i, faultHex)
	}
	return s.fail(i, faultEscape)
}

// hex4 decodes the four digits behind \u.
func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
