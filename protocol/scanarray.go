package protocol

// ScanArray validates body as one JSON document whose top level is an array
// and calls visit with the span of each element, whose KeyStart is its Start.
// Otherwise it is as [ScanObject].
func ScanArray(body []byte, visit func(m Member)) error {
	s := scanner{body: body}
	if s.array(visit); s.fault != "" {
		return s.error()
	}
	return nil
}

func (s *scanner) array(visit func(m Member)) int {
	i := s.space(0)
	if i >= len(s.body) || s.body[i] != '[' {
		return s.fail(i, faultNoArray)
	}
	if i = s.space(i + 1); i < len(s.body) && s.body[i] == ']' {
		return s.end(i + 1)
	}
	for {
		start := i
		if i = s.value(i); i < 0 {
			return -1
		}
		visit(Member{Start: start, End: i, KeyStart: start})
		i = s.space(i)
		switch {
		case i < len(s.body) && s.body[i] == ',':
			i = s.space(i + 1)
		case i < len(s.body) && s.body[i] == ']':
			return s.end(i + 1)
		default:
			return s.fail(i, faultAfterItem)
		}
	}
}

// end reads what may stand behind the document.
func (s *scanner) end(i int) int {
	if i = s.space(i); i < len(s.body) {
		return s.fail(i, faultTrailing)
	}
	return i
}
