package protocol

import "bytes"

// MaxDepth is how many containers may be nested in a body, the top level
// counted. Real requests, tool schemas included, stay below 40.
const MaxDepth = 256

// Member is where a member of an object lies in the body that was scanned.
// All three are byte offsets into that body.
type Member struct {
	// Start and End are the span of the value: body[Start:End].
	Start, End int
	// KeyStart is the offset of the opening quote of the name.
	KeyStart int
}

// Present tells whether the member was found at all.
func (m Member) Present() bool { return m.End > 0 }

// Of returns the bytes of the member's value.
func (m Member) Of(body []byte) []byte { return body[m.Start:m.End] }

// ScanObject validates body as one JSON document whose top level is an object
// and calls visit for each member of the top level, in their order, with the
// unescaped name. Values are reported as spans and not decoded.
//
// The whole grammar of RFC 8259 is checked at every depth: UTF-8, escapes,
// numbers, nothing but white space after the end. Stricter than the RFC: a
// duplicate name at the top level is refused, since gateway and provider
// could read different ones; a byte order mark is refused; at most [MaxDepth]
// containers are nested. As the RFC allows, an escaped surrogate without its
// partner is accepted, and so are duplicates further down.
//
// name is valid during the call only. On invalid input visit may have been
// called for the members before the fault. The error is an *Error of code
// InvalidRequest that says where the fault is and what was expected, and
// repeats no content. Nothing is allocated on valid input of up to 48 members
// whose names have no escapes.
func ScanObject(body []byte, visit func(name []byte, m Member)) error {
	_, err := ScanSigns(body, visit)
	return err
}

// Signs are what a scan notices by the way. Each would be a search through the
// whole body else.
type Signs struct {
	// CacheControl is the offset of the first name "cache_control", at any
	// depth; 0: there is none.
	CacheControl int
	// Wrapped tells whether a string begins as what [Signature.Wrap] makes, or
	// as the base64 of that.
	Wrapped bool
}

// ScanSigns is [ScanObject] that tells what it noticed.
func ScanSigns(body []byte, visit func(name []byte, m Member)) (Signs, error) {
	s := scanner{body: body}
	s.document(visit)
	if s.fault != "" {
		return Signs{}, s.error()
	}
	return s.signs, nil
}

// scanner walks a body. Its methods take the offset to start at and return
// the offset after what they read, or -1 when fault and at have been set.
type scanner struct {
	body  []byte
	fault string
	at    int
	stack [MaxDepth / 64]uint64
	signs Signs
}

func (s *scanner) fail(at int, fault string) int {
	s.at, s.fault = at, fault
	return -1
}

func (s *scanner) document(visit func(name []byte, m Member)) {
	if bytes.HasPrefix(s.body, []byte("\xef\xbb\xbf")) {
		s.fail(0, faultBOM)
		return
	}
	i := s.space(0)
	if i == len(s.body) {
		s.fail(i, faultEmpty)
		return
	}
	if s.body[i] != '{' {
		s.fail(i, faultNoObject)
		return
	}
	if i = s.members(i+1, visit); i >= 0 {
		s.end(i)
	}
}

// members reads the top level from behind its brace.
func (s *scanner) members(i int, visit func(name []byte, m Member)) int {
	var seen names
	i = s.space(i)
	if i < len(s.body) && s.body[i] == '}' {
		return i + 1
	}
	for {
		key := i
		if i = s.name(i, faultName); i < 0 {
			return -1
		}
		name := nameOf(s.body[key:i])
		if !seen.add(name) {
			return s.fail(key, faultDuplicate)
		}
		if i = s.colon(i); i < 0 {
			return -1
		}
		start := i
		if i = s.value(i); i < 0 {
			return -1
		}
		visit(name, Member{Start: start, End: i, KeyStart: key})
		i = s.space(i)
		switch {
		case i < len(s.body) && s.body[i] == ',':
			i = s.space(i + 1)
		case i < len(s.body) && s.body[i] == '}':
			return i + 1
		default:
			return s.fail(i, faultAfterMember)
		}
	}
}

// name reads the name of a member.
func (s *scanner) name(i int, fault string) int {
	if i >= len(s.body) || s.body[i] != '"' {
		return s.fail(i, fault)
	}
	start := i
	if i = s.string(i + 1); i > 0 {
		s.named(start, i)
	}
	return i
}

// named notes the name of a member at any depth.
func (s *scanner) named(start, end int) {
	if end-start == len(cacheControl) && s.signs.CacheControl == 0 && string(s.body[start:end]) == cacheControl {
		s.signs.CacheControl = start
	}
}

const cacheControl = `"cache_control"`

// colon reads what stands between a name and its value.
func (s *scanner) colon(i int) int {
	if b := s.body; i+1 < len(b) && b[i] == ':' && b[i+1] > ' ' {
		return i + 1 // as most clients write it
	}
	if i = s.space(i); i >= len(s.body) || s.body[i] != ':' {
		return s.fail(i, faultColon)
	}
	return s.space(i + 1)
}
