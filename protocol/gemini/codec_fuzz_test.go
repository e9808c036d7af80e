package gemini_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// shared adds what is recorded to a fuzz target, where it is there.
func shared(f *testing.F, pattern string, limit int64) {
	if _, err := os.Stat("../../../shared"); err != nil {
		return
	}
	files, _ := filepath.Glob(protocoltest.Shared(f, "") + "/" + pattern)
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Size() > limit {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// Whatever a client sends is refused with a coded error, or becomes requests
// that are JSON.
func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},{"parts":[{"functionResponse":{"name":"f","response":{"output":"{\"a\":1}"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","nullable":true,"anyOf":[{"type":"STRING"}]}}]}],"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"$ref":"#/x","const":1}}}`))
	shared(f, "recordings/gemini/*.request.json", 32<<10)
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange(nil, "gemini-2.5-pro")
		if err := gemini.DecodeRequest(x, body); err != nil {
			if e := (*protocol.Error)(nil); !errors.As(err, &e) || e.Code != protocol.InvalidRequest || e.Message == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		protocol.Arrange(x)
		for _, target := range []string{"gemini-2.5-pro", "gemini-3-flash"} {
			x.Target = target
			out, err := gemini.EncodeRequest(nil, x)
			if err == nil && !json.Valid(out) {
				t.Fatalf("%q\nbecame\n%q", body, out)
			}
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add([]byte(`[{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a"}],"topCandidates":[{"candidates":[{}]}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":1},"groundingChunkIndices":[0]}]}}]}]`))
	shared(f, "recordings/gemini/*.response.json", 32<<10)
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange(seeing(), "gemini-3-flash")
		a, err := gemini.DecodeResponse(x, body)
		if err != nil {
			if e := (*protocol.Error)(nil); !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if out := gemini.EncodeResponse(nil, x, a); !json.Valid(out) {
			t.Fatalf("%q\nbecame\n%q", body, out)
		}
	})
}

// Whatever an instance streams ends well or in one error, and what the client
// gets are frames of JSON.
func FuzzStreamDecoder(f *testing.F) {
	f.Add([]byte("data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"partialArgs\":[{\"jsonPath\":\"$.a[0]['b']\",\"stringValue\":\"x\"}],\"willContinue\":true}}]},\"finishReason\":\"STOP\"}]}\r\n\r\n"))
	shared(f, "recordings/gemini/*.response.sse", 32<<10)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := exchange(seeing(), "gemini-3-flash")
		d := gemini.NewStreamDecoder(x)
		var all []protocol.Event
		var s sse.Splitter
		frame := func(raw []byte) { all = d.Frame(all, bytes.Clone(raw)) }
		_ = s.Feed(data, frame) // a frame that is too large ends the stream
		s.Close(frame)
		all = d.End(all)
		if len(all) == 0 || len(d.End(nil)) != 0 {
			t.Fatal("a stream without an end, or with two")
		}
		ends, open := 0, map[int]bool{}
		for _, e := range all {
			switch e.Kind {
			case protocol.EventPartStart:
				if open[e.Choice] {
					t.Fatalf("parts overlap: %s", trace(all))
				}
				open[e.Choice] = true
			case protocol.EventDelta, protocol.EventSignature, protocol.EventCite:
				if !open[e.Choice] {
					t.Fatalf("a piece of no part: %s", trace(all))
				}
			case protocol.EventPartStop:
				open[e.Choice] = false
			case protocol.EventEnd, protocol.EventError:
				ends++
			}
		}
		if last := all[len(all)-1].Kind; ends != 1 || last != protocol.EventEnd && last != protocol.EventError {
			t.Fatalf("%d ends: %s", ends, trace(all))
		}
		for _, raw := range frames(t, stream(x, all)) {
			if !json.Valid(sse.Data(raw)) {
				t.Fatalf("%q\nbecame\n%q", data, raw)
			}
		}
	})
}
