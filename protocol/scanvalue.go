package protocol

// value reads one value, containers with all they hold. It keeps its own
// stack, one bit a container, so that a deep document costs no goroutine
// stack. The top-level object counts as the first container.
func (s *scanner) value(i int) int {
	b := s.body
	depth := 1
	object, naming := false, false // in an object; at the name of a member
	for {
		// Here a value is due at i, or a name.
		switch {
		case i >= len(b):
			return s.fail(i, due(naming))
		case b[i] == '"':
			start := i
			if i = s.string(i + 1); i < 0 {
				return -1
			}
			if !naming && isWrapped(b[start:i]) {
				s.signs.Wrapped = true
			}
			if naming {
				s.named(start, i)
				if i = s.colon(i); i < 0 {
					return -1
				}
				naming = false
				continue
			}
		case naming:
			return s.fail(i, faultName)
		case b[i] == '{' || b[i] == '[':
			if depth == MaxDepth {
				return s.fail(i, faultDepth)
			}
			c := b[i]
			if i = s.space(i + 1); i < len(b) && b[i] == c+2 { // '}' or ']': empty
				i++
				break
			}
			object = c == '{'
			naming = object
			s.push(depth, object)
			depth++
			continue
		default:
			if i = s.scalar(i); i < 0 {
				return -1
			}
		}
		// A value has ended at i: close what it closes.
		for {
			if depth == 1 {
				return i
			}
			if i = s.space(i); i >= len(b) {
				return s.fail(i, faultAfter(object))
			}
			c := b[i]
			if c == ',' {
				i = s.space(i + 1)
				naming = object
				break
			}
			if object && c != '}' || !object && c != ']' {
				return s.fail(i, faultAfter(object))
			}
			i++
			depth--
			object = s.inObject(depth - 1)
		}
	}
}

func due(naming bool) string {
	if naming {
		return faultName
	}
	return faultValue
}

// scalar reads a value that is neither a string nor a container.
func (s *scanner) scalar(i int) int {
	switch s.body[i] {
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	}
	return s.number(i)
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
	b := s.body
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
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
