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
func special(w uint64) uint64 { return marked(w) & highs }

// marked is special with other bits among its own. Exchanging 0x20 and 0x22
// puts the quote right behind the control characters, so that one subtraction
// finds both. What is not ASCII keeps its high bit in one of the two.
func marked(w uint64) uint64 { return ((w ^ ones*0x02) - ones*0x21) | ((w ^ ones*'\\') - ones) }

// wordAt returns the eight bytes from i on.
func wordAt(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }

// string reads a string from behind its opening quote to behind its closing
// one, and checks escapes, control characters and UTF-8.
func (s *scanner) string(i int) int {
	b := s.body
	// Names and most values end within a word.
	if i+8 <= len(b) {
		if m := special(wordAt(b, i)); m != 0 {
			i += bits.TrailingZeros64(m) >> 3
		} else {
			i = plain(b, i+8)
		}
	}
	for i >= 0 && i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i = s.escapes(i)
		case c < 0x20:
			return s.fail(i, faultControl)
		case c < utf8.RuneSelf:
			i = plain(b, i+1)
		default:
			i = s.runes(i)
		}
	}
	if i < 0 {
		return i
	}
	return s.fail(len(b), faultQuote)
}

// plain skips plain ASCII. It returns the offset of the first byte that is
// [special], or of one of the last seven bytes.
func plain(b []byte, i int) int {
	// Four words a turn: long texts and base64 are where bodies are big.
	for i+32 <= len(b) {
		p := b[i : i+32 : i+32]
		if (marked(binary.LittleEndian.Uint64(p))|marked(binary.LittleEndian.Uint64(p[8:]))|
			marked(binary.LittleEndian.Uint64(p[16:]))|marked(binary.LittleEndian.Uint64(p[24:])))&highs != 0 {
			break
		}
		i += 32
	}
	for i+8 <= len(b) {
		if m := special(wordAt(b, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	return i
}

// escapes reads an escape and, with more of them close behind, those and what
// is between them.
func (s *scanner) escapes(i int) int {
	b := s.body
	if i+10 <= len(b) && class[b[i+1]]&escapable != 0 && special(wordAt(b, i+2)) == 0 {
		return plain(b, i+10) // it stands alone, as in prose
	}
	for i >= 0 {
		if i = program(b, i); i == len(b) || b[i] != '\\' {
			break
		}
		i = s.escape(i)
	}
	return i
}

// program skips ASCII with the escapes \n, \t, \" and \\, of which program text
// is full, as long as they come often. It returns an offset before which there
// is nothing else, and no quote that ends the string.
func program(b []byte, i int) int {
	const (
		often  = 32 // bytes
		sevens = ones * 0x7f
		odd    = highs &^ 0x0080008000800080
	)
	carry := uint64(0) // 0x80: the next word's first byte is escaped
	for end := i + often; i < end && i+8 <= len(b); i += 8 {
		// In these words each byte has its high bit for itself.
		w := wordAt(b, i)
		noQuote, noSlash := (w^ones*'"')+sevens, (w^ones*'\\')+sevens
		noN, noT := (w^ones*'n')+sevens, (w^ones*'t')+sevens
		slash := ^noSlash & highs
		if slash != 0 {
			end = i + 8 + often
		}

		escaped, next := slash<<8|carry, slash>>56
		if escaped&slash != 0 {
			// Of a row of backslashes every second one is escaped. Subtracting the
			// row from the odd bytes makes a borrow run through it, which tells at
			// its end whether it began at an odd or at an even byte.
			first := slash &^ carry
			codes := ((first<<8 | odd) - first) ^ odd
			escaped, next = codes^(slash|carry), codes&slash>>56
		}
		stop := (w | ^(w + ones*0x60) | escaped&noQuote&noSlash&noN&noT | ^noQuote&^escaped) & highs
		if stop != 0 { // bits above the lowest may be wrong, for sums carry
			at := bits.TrailingZeros64(stop)
			return i + at>>3 - int(escaped>>at&1)
		}
		carry = next
	}
	return i - int(carry>>7)
}

// runes reads characters beyond ASCII until the next ASCII one.
func (s *scanner) runes(i int) int {
	b := s.body
	for i < len(b) && b[i] >= utf8.RuneSelf {
		if i+8 <= len(b) && ideograph(wordAt(b, i)) {
			if i += 3; ideograph(wordAt(b, i-3) >> 24) {
				i += 3
			}
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return s.fail(i, faultUTF8)
		}
		i += n
	}
	return i
}

// ideograph tells whether a word begins with a character of three bytes, the
// most frequent by far: Chinese, Japanese, Korean, typographic quotes. Those
// that begin with E0 and ED have narrower second bytes, and are left out.
func ideograph(w uint64) bool {
	return w&0xc0c0f0 == 0x8080e0 && byte(w) != 0xe0 && byte(w) != 0xed
}

// escape reads a backslash and what it stands before.
func (s *scanner) escape(i int) int {
	b := s.body[i+1:]
	switch {
	case len(b) == 0:
		return s.fail(i+1, faultQuote)
	case class[b[0]]&escapable != 0:
		return i + 2
	case b[0] != 'u':
		return s.fail(i, faultEscape)
	case len(b) < 5 || class[b[1]]&class[b[2]]&class[b[3]]&class[b[4]]&hexadecimal == 0:
		return s.fail(i, faultHex)
	}
	return i + 6
}

// class tells of a byte what it may be behind a backslash.
var class = [256]uint8{
	'"': escapable, '\\': escapable, '/': escapable, 'n': escapable, 'r': escapable, 't': escapable, 'b': escapable | hexadecimal, 'f': escapable | hexadecimal,
	'0': hexadecimal, '1': hexadecimal, '2': hexadecimal, '3': hexadecimal, '4': hexadecimal, '5': hexadecimal, '6': hexadecimal, '7': hexadecimal, '8': hexadecimal, '9': hexadecimal,
	'a': hexadecimal, 'c': hexadecimal, 'd': hexadecimal, 'e': hexadecimal, 'A': hexadecimal, 'B': hexadecimal, 'C': hexadecimal, 'D': hexadecimal, 'E': hexadecimal, 'F': hexadecimal,
}

const (
	escapable   = 1 << iota // it alone, but for u
	hexadecimal             // a digit behind \u
)

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
