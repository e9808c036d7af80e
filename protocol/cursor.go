package protocol

import (
	"bytes"
	"strconv"
)

// Cursor walks a validated JSON document once, from front to back, and hands
// out spans. It knows where it is, so that a wrong type becomes an error that
// names the field ("messages[3].content[0].type").
//
// The document must have passed [ScanObject]; on anything else the walk ends
// in an error and never panics. The first error stays: after it every method
// returns a zero value, so that callers look at [Cursor.Err] once, at the end.
// A Cursor is used from one goroutine.
//
//	c.Object(func(name []byte) {
//		switch string(name) {
//		case "model":
//			r.Model = c.Text()
//		case "messages":
//			c.Array(func(int) { message(c) })
//		}
//	})
//
// A value that the function does not take is skipped; [Cursor.Ignored] tells
// that there was one.
type Cursor struct {
	walk
	path    [maxPath]step
	depth   int
	ignored bool
}

// maxPath is how deep decoders look; what lies deeper they carry as it is.
const maxPath = 24

// step is one level of the path: a member's name, or an element's index.
type step struct {
	name  []byte
	index int
}

// NewCursor returns a Cursor at the start of body.
func NewCursor(body []byte) *Cursor {
	c := &Cursor{walk: walk{b: body}}
	c.space()
	return c
}

// Reset puts the Cursor at the start of another body. It forgets the error.
func (c *Cursor) Reset(body []byte) {
	c.b, c.i, c.err, c.depth, c.ignored = body, 0, nil, 0, false
	c.space()
}

// Err returns the first error, an *Error that names the field, or nil.
func (c *Cursor) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Ignored tells whether a member of an object was left where it stood since
// Ignored was asked last. A null says nothing and is none. What is left out on
// purpose is taken with [Cursor.Raw].
func (c *Cursor) Ignored() bool {
	was := c.ignored
	c.ignored = false
	return was
}

// Join takes over what the walk of a copy has come to: its error, and whether
// it ignored a member. The copy's value must have been taken here.
func (c *Cursor) Join(from *Cursor) {
	if from.err != nil {
		c.FailWith(from.err)
	}
	c.ignored = c.ignored || from.ignored
}

// Fail makes the walk fail with a message about the value at hand; Path is put
// in front of it and becomes the error's parameter.
func (c *Cursor) Fail(message string) {
	if c.err == nil {
		path := c.Path()
		if path != "" {
			message = "Invalid value for '" + path + "': " + message
		}
		c.err = &Error{Code: InvalidRequest, Param: path, Message: message}
	}
	c.i = len(c.b)
}

// FailWith makes the walk fail with an error of the caller's.
func (c *Cursor) FailWith(e *Error) {
	if c.err == nil {
		c.err = e
	}
	c.i = len(c.b)
}

// Path names the value at hand, "" at the top.
func (c *Cursor) Path() string {
	var p []byte
	for _, s := range c.path[:c.depth] {
		if s.name == nil {
			p = append(p, '[')
			p = strconv.AppendInt(p, int64(s.index), 10)
			p = append(p, ']')
			continue
		}
		if len(p) > 0 {
			p = append(p, '.')
		}
		p = append(p, s.name[:min(len(s.name), 64)]...)
	}
	return string(bytes.ToValidUTF8(p, []byte("\ufffd")))
}

// Offset tells where in the body the value at hand begins, or, right after a
// value was taken, where that one ended.
func (c *Cursor) Offset() int { return c.i }

// Ahead returns the value of a member of the object at hand, nil for none. The
// object itself is not taken: what kind of thing it is often decides how its
// other members are read, and may stand behind them.
func (c *Cursor) Ahead(member string) Raw {
	if c.Kind() != '{' {
		return nil
	}
	p := walk{b: c.b, i: c.i + 1}
	for {
		p.space()
		name, ok := p.name()
		if p.space(); !ok || p.i >= len(p.b) || p.b[p.i] != ':' {
			return nil
		}
		p.i++
		p.space()
		value := p.Raw()
		if string(name) == member {
			return value
		}
		if p.space(); p.i >= len(p.b) || p.b[p.i] != ',' {
			return nil
		}
		p.i++
	}
}

// Null takes a null, and tells whether there was one.
func (c *Cursor) Null() bool {
	if c.Kind() != 'n' {
		return false
	}
	c.Raw()
	return true
}

// Object takes an object and calls member for each of its members, with the
// name unescaped, while the cursor is at the member's value. A name that
// appears twice is an error, and so is any other type.
func (c *Cursor) Object(member func(name []byte)) {
	if c.Kind() != '{' {
		c.wrong("an object")
		return
	}
	c.i++
	c.space()
	if c.i < len(c.b) && c.b[c.i] == '}' {
		c.i++
		return
	}
	if c.depth == len(c.path) {
		c.Fail("it is nested too deeply.")
		return
	}
	c.depth++
	var seen names
	for c.err == nil {
		name, ok := c.name()
		if !ok {
			c.broken()
			break
		}
		c.path[c.depth-1] = step{name: name}
		if !seen.add(name) {
			c.Fail("the name appears twice in one object.")
			break
		}
		c.space()
		if c.i >= len(c.b) || c.b[c.i] != ':' {
			c.broken()
			break
		}
		c.i++
		c.space()
		before := c.i
		if member(name); c.i == before && c.Kind() != 'n' {
			c.ignored = true
		}
		if c.after(before, '}') {
			break
		}
	}
	c.depth--
}

// Array takes an array and calls element for each of its elements, while the
// cursor is at it. Any other type is an error.
func (c *Cursor) Array(element func(i int)) {
	if c.Kind() != '[' {
		c.wrong("an array")
		return
	}
	c.i++
	c.space()
	if c.i < len(c.b) && c.b[c.i] == ']' {
		c.i++
		return
	}
	if c.depth == len(c.path) {
		c.Fail("it is nested too deeply.")
		return
	}
	c.depth++
	for i := 0; c.err == nil; i++ {
		c.path[c.depth-1] = step{index: i}
		before := c.i
		element(i)
		if c.after(before, ']') {
			break
		}
	}
	c.depth--
}

// after skips a value that was left at before, and reads what stands behind
// it; true: that was the container's end.
func (c *Cursor) after(before int, end byte) bool {
	if c.err != nil {
		return true
	}
	if c.i == before {
		c.Raw()
	}
	c.space()
	if c.i >= len(c.b) {
		c.broken()
		return true
	}
	switch c.b[c.i] {
	case end:
		c.i++
		return true
	case ',':
		c.i++
		c.space()
		return false
	}
	c.broken()
	return true
}

// Text takes a string.
func (c *Cursor) Text() Text {
	if c.Kind() != '"' {
		c.wrong("a string")
		return nil
	}
	return Text(c.Raw())
}

// TextOrNull takes a string or null, which is absent.
func (c *Cursor) TextOrNull() Text {
	if c.Null() {
		return nil
	}
	return c.Text()
}

// Str takes a string and decodes it.
func (c *Cursor) Str() string { return c.Text().String() }

// Bool takes true or false.
func (c *Cursor) Bool() bool {
	if k := c.Kind(); k != 't' && k != 'f' {
		c.wrong("true or false")
		return false
	}
	return c.Raw()[0] == 't'
}

// Int takes a whole number.
func (c *Cursor) Int() int64 {
	if c.Kind() != '0' {
		c.wrong("an integer")
		return 0
	}
	n, ok := Int(c.Raw())
	if !ok {
		c.Fail("expected an integer.")
	}
	return n
}

// Number takes a number as it stands.
func (c *Cursor) Number() Raw {
	if c.Kind() != '0' {
		c.wrong("a number")
		return nil
	}
	return c.Raw()
}

// NumberIn takes a number of at least low and at most high.
func (c *Cursor) NumberIn(low, high float64) Raw {
	number := c.Number()
	if number == nil {
		return nil
	}
	f, _ := strconv.ParseFloat(string(number), 64) // what is too large is infinite
	if !(f >= low && f <= high) {
		c.Fail("expected a number from " + strconv.FormatFloat(low, 'f', -1, 64) + " to " + strconv.FormatFloat(high, 'f', -1, 64) + ".")
	}
	return number
}

// Count takes a whole number that is not negative, as digits: 5.0 is 5.
func (c *Cursor) Count() Raw {
	number := c.Number()
	if number == nil {
		return nil
	}
	n, ok := Int(number)
	if !ok || n < 0 {
		c.Fail("expected an integer of at least 0.")
	}
	if bytes.ContainsAny(number, ".eE") {
		return strconv.AppendInt(nil, n, 10)
	}
	return number
}

// NumberOrNull takes a number or null, which is absent.
func (c *Cursor) NumberOrNull() Raw {
	if c.Null() {
		return nil
	}
	return c.Number()
}

func (c *Cursor) wrong(want string) {
	if c.err == nil && c.Kind() == 0 {
		c.broken()
		return
	}
	c.Fail("expected " + want + ", got " + kindName(c.Kind()) + ".")
}

func kindName(k byte) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
