package sse_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// split feeds the pieces to a Splitter and returns its frames.
func split(t *testing.T, pieces ...string) []string {
	t.Helper()
	var s sse.Splitter
	var got []string
	keep := func(raw []byte) { got = append(got, string(raw)) }
	for _, p := range pieces {
		if err := s.Feed([]byte(p), keep); err != nil {
			t.Fatal(err)
		}
	}
	s.Close(keep)
	return got
}

// read returns the frames of a Reader.
func read(t *testing.T, r io.Reader) []string {
	t.Helper()
	frames := sse.NewReader(r)
	var got []string
	for {
		raw, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(raw))
	}
}

var streams = []struct {
	name, stream string
	want         []string
}{
	{"empty", "", nil},
	{"LF", "data: a\n\nevent: x\ndata: b\n\n", []string{"data: a\n\n", "event: x\ndata: b\n\n"}},
	{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"data: a\r\n\r\n", "data: b\r\n\r\n"}},
	{"CR", "data: a\r\rdata: b\r\r", []string{"data: a\r\r", "data: b\r\r"}},
	{"mixed", "data: a\n\r\ndata: b\r\n\ndata: c\r\ndata: d\n\n", []string{"data: a\n\r\n", "data: b\r\n\n", "data: c\r\ndata: d\n\n"}},
	{"LF CR", "data: a\n\rdata: b\n\r", []string{"data: a\n\r", "data: b\n\r"}},
	{"CR CRLF", "data: a\r\r\ndata: b\n\n", []string{"data: a\r\r", "\n", "data: b\n\n"}},
	{"BOM", "\xef\xbb\xbfdata: a\n\n", []string{"\xef\xbb\xbfdata: a\n\n"}},
	{"comments", ": hi\n\n:\n\n", []string{": hi\n\n", ":\n\n"}},
	{"blank lines", "\n\n\r\ndata: a\n\n\n", []string{"\n", "\n", "\r\n", "data: a\n\n", "\n"}},
	{"cut in a line", "data: a\n\ndata: b", []string{"data: a\n\n", "data: b"}},
	{"cut behind a line", "data: a\n\ndata: b\n", []string{"data: a\n\n", "data: b\n"}},
	{"cut inside CRLF", "data: b\r\n\r", []string{"data: b\r\n\r"}},
	{"characters", "data: 網關😀\n\ndata: é\n\n", []string{"data: 網關😀\n\n", "data: é\n\n"}},
}

// Wherever a stream is cut, the frames are the same.
func TestFramesAtEveryCut(t *testing.T) {
	for _, c := range streams {
		for i := range len(c.stream) + 1 {
			if d := cmp.Diff(c.want, split(t, c.stream[:i], c.stream[i:])); d != "" {
				t.Errorf("%s: Splitter, cut at %d (-want +got):\n%s", c.name, i, d)
			}
			r := io.MultiReader(strings.NewReader(c.stream[:i]), strings.NewReader(c.stream[i:]))
			if d := cmp.Diff(c.want, read(t, r)); d != "" {
				t.Errorf("%s: Reader, cut at %d (-want +got):\n%s", c.name, i, d)
			}
		}
		if d := cmp.Diff(c.want, split(t, strings.Split(c.stream, "")...)); d != "" {
			t.Errorf("%s: Splitter, bytewise (-want +got):\n%s", c.name, d)
		}
		if d := cmp.Diff(c.want, read(t, iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(c.stream))))); d != "" {
			t.Errorf("%s: Reader, bytewise (-want +got):\n%s", c.name, d)
		}
	}
}

// recordings returns the recorded streams; it skips the test without them.
func recordings(tb testing.TB) map[string]string {
	all := make(map[string]string)
	for _, folder := range []string{"anthropic", "gemini", "openai-chat", "openai-responses"} {
		for _, r := range protocoltest.Recordings(tb, folder) {
			if r.Stream {
				all[r.Name] = string(r.Body)
			}
		}
	}
	return all
}

// Each recording, cut at every byte of its first 2 KB, and all of it in pieces
// of odd sizes, gives the frames that it gives whole.
func TestRecordingsAtEveryCut(t *testing.T) {
	for name, stream := range recordings(t) {
		want := split(t, stream)
		if strings.Join(want, "") != stream {
			t.Errorf("%s: the frames are not the stream", name)
		}
		for _, frame := range want {
			if data := sse.Data([]byte(frame)); data == nil && !strings.HasPrefix(frame, ":") {
				t.Errorf("%s: no data in %q", name, frame)
			}
		}
		head := stream[:min(len(stream), 2<<10)]
		whole := split(t, head)
		for i := range head {
			if got := split(t, head[:i], head[i:]); !slices.Equal(got, whole) {
				t.Fatalf("%s: other frames when cut at %d", name, i)
			}
		}
		for _, size := range []int{1, 7, 1000, 4096} {
			var pieces []string
			for rest := stream; rest != ""; rest = rest[min(size, len(rest)):] {
				pieces = append(pieces, rest[:min(size, len(rest))])
			}
			if got := split(t, pieces...); !slices.Equal(got, want) {
				t.Errorf("%s: other frames from pieces of %d", name, size)
			}
		}
		if got := read(t, iotest.HalfReader(strings.NewReader(stream))); !slices.Equal(got, want) {
			t.Errorf("%s: other frames from a Reader", name)
		}
	}
}

func TestFrameFields(t *testing.T) {
	for _, c := range []struct {
		raw, event string
		data       any // nil for no data field
	}{
		{"data: a\n\n", "", "a"},
		{"data:a\n\n", "", "a"},
		{"data:  a \n\n", "", " a "},
		{"data\n\n", "", ""},
		{"data:\n\n", "", ""},
		{"data: a\r\ndata\rdata: c\n\n", "", "a\n\nc"},
		{"data: a\n: data: x\ndatax: y\nid: 1\n data: z\ndata: b", "", "a\nb"},
		{"event: message_stop\ndata: {}\r\n\r\n", "message_stop", "{}"},
		{"event: a\nevent:b\n\n", "b", nil},
		{"\xef\xbb\xbfdata: a\n\n", "", "a"},
		{": comment\n\n", "", nil},
		{"\n", "", nil},
		{"", "", nil},
	} {
		if got := string(sse.Event([]byte(c.raw))); got != c.event {
			t.Errorf("%q: event %q", c.raw, got)
		}
		got := sse.Data([]byte(c.raw))
		if want, ok := c.data.(string); ok != (got != nil) || string(got) != want {
			t.Errorf("%q: data %q, nil %v", c.raw, got, got == nil)
		}
	}
}

func TestDataLeavesTheFrameAlone(t *testing.T) {
	raw := []byte("data: a\ndata: b\ndata: c\n\n")
	before := bytes.Clone(raw)
	sse.Data(raw)
	if !bytes.Equal(raw, before) {
		t.Errorf("%q", raw)
	}
}

func TestComplete(t *testing.T) {
	for raw, want := range map[string]bool{
		"data: a\n\n": true, "data: a\r\n\r\n": true, "data: a\r\r": true, "data: a\r\n\r": true, "\n": true, "\r": true,
		"": false, "data: a": false, "data: a\n": false, "data: a\r": false, "data: a\r\n": false,
	} {
		if got := sse.Complete([]byte(raw)); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	}
}

func TestLimit(t *testing.T) {
	stream := "data: 12\n\ndata: 3456789\n\ndata: 1\n\n" // frames of 10, 15, 9 bytes
	for _, c := range []struct {
		limit int
		want  []string
		ok    bool
	}{
		{15, []string{"data: 12\n\n", "data: 3456789\n\n", "data: 1\n\n"}, true},
		{14, []string{"data: 12\n\n"}, false},
		{10, []string{"data: 12\n\n"}, false},
		{9, nil, false},
	} {
		for i := range stream {
			s := sse.Splitter{Limit: c.limit}
			var got []string
			keep := func(raw []byte) { got = append(got, string(raw)) }
			err := errors.Join(s.Feed([]byte(stream[:i]), keep), s.Feed([]byte(stream[i:]), keep))
			if !slices.Equal(got, c.want) || errors.Is(err, sse.ErrFrameTooLarge) == c.ok {
				t.Errorf("Splitter, limit %d, cut at %d: %q, %v", c.limit, i, got, err)
			}
			r := sse.NewReader(io.MultiReader(strings.NewReader(stream[:i]), strings.NewReader(stream[i:])))
			r.Limit, got = c.limit, nil
			for {
				raw, e := r.Next()
				if err = e; err != nil {
					break
				}
				keep(raw)
			}
			if !slices.Equal(got, c.want) || errors.Is(err, sse.ErrFrameTooLarge) == c.ok {
				t.Errorf("Reader, limit %d, cut at %d: %q, %v", c.limit, i, got, err)
			}
		}
	}
}

// A frame far above 64 KiB passes, and the memory it took is let go.
func TestLargeFrames(t *testing.T) {
	large := "data: " + strings.Repeat("x", 3<<20) + "\n\n"
	stream := large + "data: a\n\n" + large
	want := []string{large, "data: a\n\n", large}
	if got := read(t, strings.NewReader(stream)); !slices.Equal(got, want) {
		t.Error("Reader")
	}
	if got := split(t, stream[:100], stream[100:1<<20], stream[1<<20:]); !slices.Equal(got, want) {
		t.Error("Splitter")
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("connection reset")
	r := sse.NewReader(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(broken)))
	if raw, err := r.Next(); string(raw) != "data: a\n\n" || err != nil {
		t.Errorf("%q, %v", raw, err)
	}
	if r.Buffered() || r.Pending() != 8 {
		t.Errorf("Buffered %v, Pending %d with half a frame", r.Buffered(), r.Pending())
	}
	for range 2 {
		if raw, err := r.Next(); raw != nil || !errors.Is(err, broken) {
			t.Errorf("%q, %v; a cut frame must not look like a last one", raw, err)
		}
	}
	if _, err := sse.NewReader(stuck{}).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that returns nothing: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReaderBuffered(t *testing.T) {
	r := sse.NewReader(strings.NewReader("data: a\n\ndata: b\n\ndata: c"))
	for i, want := range []bool{true, false, true, true} {
		raw, err := r.Next()
		if r.Buffered() != want {
			t.Errorf("after frame %d, %q, %v: Buffered %v", i, raw, err, !want)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{string(sse.AppendComment(nil, "")), ":\n\n"},
		{string(sse.AppendComment([]byte("x"), "ping\n\ndata: no\r")), "x: ping  data: no \n\n"},
		{string(sse.AppendEvent(nil, "", []byte("{}"))), "data: {}\n\n"},
		{string(sse.AppendEvent(nil, "error\n", []byte("a\nb\r\nc\rd\n"))), "event: error \ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
		{string(sse.AppendEvent(nil, "x", nil)), "event: x\ndata: \n\n"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
		if got := split(t, strings.TrimPrefix(c.want, "x")); len(got) != 1 {
			t.Errorf("%q is %d frames", c.want, len(got))
		}
	}
}

func TestAllocations(t *testing.T) {
	frame := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n")
	var s sse.Splitter
	n := 0
	take := func(raw []byte) { n += len(sse.Data(raw)) + len(sse.Event(raw)) }
	for name, step := range map[string]func(){
		"whole":  func() { _ = s.Feed(frame, take) },
		"halves": func() { _ = s.Feed(frame[:20], take); _ = s.Feed(frame[20:], take) },
	} {
		step()
		if got := testing.AllocsPerRun(100, step); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
