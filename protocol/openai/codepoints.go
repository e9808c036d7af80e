package openai

// codePoints counts the characters of an escaped text; a surrogate pair is
// one.
func codePoints(inner []byte) int {
	n := 0
	for i := 0; i < len(inner); {
		switch c := inner[i]; {
		case c != '\\':
			i++
			if c&0xC0 == 0x80 {
				continue // inside of a character
			}
		case i+6 <= len(inner) && inner[i+1] == 'u':
			low := inner[i+2] == 'd' || inner[i+2] == 'D'
			if low && inner[i+3] >= 'c' || low && inner[i+3] >= 'C' && inner[i+3] <= 'F' {
				n-- // the second half of a pair
			}
			i += 6
		default:
			i += 2
		}
		n++
	}
	return n
}
