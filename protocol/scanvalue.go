package protocol

// value reads one value, containers with all they hold. It keeps its own
// stack, one bit a container, so that a deep document costs no goroutine
// stack. The top-level object counts as the first container.
func (s *scanner) value(i int) int {
	depth := 1
	for {
		// Here a value is due at i.
		if i >= len(s.body) {
			return s.fail(i, faultValue)
		}
		switch c := s.body[i]; c {
		case '"':
			i = s.string(i + 1)
		case '{', '[':
			if depth == MaxDepth {
				return s.fail(i, faultDepth)
			}
			next := s.space(i + 1)
			if next < len(s.body) && s.body[next] == c+2 { // '}' or ']': empty
				i = next + 1
				break
			}
			s.push(depth, c == '{')
			depth++
			if i = next; c == '{' {
				if i = s.name(i, faultName); i < 0 {
					return -1
				}
				if i = s.colon(i); i < 0 {
					return -1
				}
			}
			continue
		case 't':
			i = s.literal(i, "true")
		case 'f':
			i = s.literal(i, "false")
		case 'n':
			i = s.literal(i, "null")
		default:
			i = s.number(i)
		}
		if i < 0 {
			return -1
		}
		// A value has ended at i: close what it closes.
		for {
			if depth == 1 {
				return i
			}
			i = s.space(i)
			object := s.inObject(depth - 1)
			if i >= len(s.body) {
				return s.fail(i, faultAfter(object))
			}
			c := s.body[i]
			if c == ',' {
				if i = s.space(i + 1); object {
					if i = s.name(i, faultName); i < 0 {
						return -1
					}
					if i = s.colon(i); i < 0 {
						return -1
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return s.fail(i, faultAfter(object))
			}
			i++
			depth--
		}
	}
}

func (s *scanner) push(depth int, object bool) {
	word, bit := depth/64, uint64(1)<<(depth%64)
	s.stack[word] &^= bit
	if object {
		s.stack[word] |= bit
	}
}

func (s *scanner) inObject(depth int) bool { return s.stack[depth/64]&(1<<(depth%64)) != 0 }

// space skips white space.
func (s *scanner) space(i int) int {
	for i < len(s.body) {
		switch s.body[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

func (s *scanner) literal(i int, word string) int {
	if len(s.body)-i < len(word) || string(s.body[i:i+len(word)]) != word {
		return s.fail(i, faultValue)
	}
	return i + len(word)
}

func (s *scanner) number(i int) int {
	start := i
	if i < len(s.body) && s.body[i] == '-' {
		i++
	}
	switch d := s.digits(i); {
	case d == i && i == start:
		return s.fail(i, faultValue)
	case d == i:
		return s.fail(i, faultDigit)
	case d > i+1 && s.body[i] == '0':
		return s.fail(i, faultZero)
	default:
		i = d
	}
	if i < len(s.body) && s.body[i] == '.' {
		d := s.digits(i + 1)
		if d == i+1 {
			return s.fail(d, faultDigit)
		}
		i = d
	}
	if i < len(s.body) && s.body[i]|0x20 == 'e' {
		i++
		if i < len(s.body) && (s.body[i] == '+' || s.body[i] == '-') {
			i++
		}
		d := s.digits(i)
		if d == i {
			return s.fail(d, faultDigit)
		}
		i = d
	}
	return i
}

// digits returns the offset after the digits that start at i.
func (s *scanner) digits(i int) int {
	for i < len(s.body) && s.body[i]-'0' <= 9 {
		i++
	}
	return i
}
