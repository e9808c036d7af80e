package gemini_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func exchange(r *protocol.Request, target string) *protocol.Exchange {
	if r == nil {
		r = &protocol.Request{}
	}
	return &protocol.Exchange{
		Request: r, Model: "the-model", Target: target, Now: time.Unix(1700000000, 0), Rand: protocol.NewRand(1, 2),
	}
}

// encoderOf returns a function that arranges and encodes a request, and holds
// it against the schema.
func encoderOf(t *testing.T) func(*testing.T, *protocol.Exchange) string {
	t.Helper()
	schema := protocoltest.LoadSchema(t, "gemini.generateContent.request")
	return func(t *testing.T, x *protocol.Exchange) string { return encode(t, schema, x) }
}

func encode(t *testing.T, schema *protocoltest.Schema, x *protocol.Exchange) string {
	t.Helper()
	protocol.Arrange(x)
	body, err := gemini.EncodeRequest(nil, x)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(body) {
		t.Fatalf("not JSON: %s", body)
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("%v\n%.2000s", err, body)
	}
	return string(body)
}

func decode(t *testing.T, body string) *protocol.Exchange {
	t.Helper()
	x := exchange(nil, "gemini-3-flash")
	if err := gemini.DecodeRequest(x, []byte(body)); err != nil {
		t.Fatal(err)
	}
	return x
}

// events decodes a stream cut into chunks of size bytes; 0: whole.
func events(t *testing.T, x *protocol.Exchange, stream []byte, size int) []protocol.Event {
	t.Helper()
	d := gemini.NewStreamDecoder(x)
	var s sse.Splitter
	var all []protocol.Event
	frame := func(raw []byte) {
		own := bytes.Clone(raw) // events point into the frame
		all = d.Frame(all, own)
	}
	if size == 0 {
		size = max(len(stream), 1)
	}
	for chunk := range slices.Chunk(stream, size) {
		if err := s.Feed(chunk, frame); err != nil {
			t.Fatal(err)
		}
	}
	s.Close(frame)
	return d.End(all)
}

// collect makes the answer of events.
func collect(t *testing.T, all []protocol.Event) *protocol.Response {
	t.Helper()
	var c protocol.Collector
	for i := range all {
		c.Add(&all[i])
	}
	r, err := c.Response()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stream encodes events for a client.
func stream(x *protocol.Exchange, all []protocol.Event) []byte {
	e := gemini.NewStreamEncoder(x)
	var out []byte
	for i := range all {
		out = e.Event(out, &all[i])
	}
	return out
}
