package gemini_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// seeing is the request of a client that wants all that an answer can have.
func seeing() *protocol.Request {
	return &protocol.Request{WebSearch: &protocol.WebSearch{}, Logprobs: true, Reasoning: protocol.Reasoning{Show: protocol.Yes}}
}

// Every recorded answer goes through the hub: what comes out is of the schema
// and says what went in.
func TestRecordedAnswers(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "gemini.generateContent.response")
	whole, streamed := 0, 0
	for _, r := range protocoltest.Recordings(t, "gemini") {
		if r.Status >= 400 {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			x := exchange(seeing(), "gemini-3-flash")
			if !r.Stream {
				whole++
				a, err := gemini.DecodeResponse(x, r.Body)
				if err != nil {
					t.Fatal(err)
				}
				out := gemini.EncodeResponse(nil, x, a)
				if err := schema.Validate(out); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				if d := cmp.Diff(said(t, r.Body), said(t, out)); d != "" {
					t.Errorf("-recorded +converted:\n%s", d)
				}
				return
			}
			streamed++
			out := stream(x, events(t, x, r.Body, 0))
			var in, back [][]byte
			for _, f := range frames(t, r.Body) {
				in = append(in, sse.Data(f))
			}
			for _, f := range frames(t, out) {
				if !bytes.HasSuffix(f, []byte("}\r\n\r\n")) {
					t.Errorf("frame ends in %q", f[max(0, len(f)-8):])
				}
				back = append(back, sse.Data(f))
				if err := schema.Validate(sse.Data(f)); err != nil {
					t.Errorf("%v\n%s", err, f)
				}
			}
			want, got := said(t, in...), said(t, back...)
			if strings.Contains(r.Name, "tool-call-arguments") || strings.Contains(r.Name, "no-args-tool-call") {
				want.Calls, got.Calls = "", "" // these come in pieces
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-recorded +converted:\n%s", d)
			}
		})
	}
	if whole < 20 || streamed < 20 {
		t.Errorf("%d whole answers and %d streams", whole, streamed)
	}
}

// words are what an answer says, however it was cut.
type words struct {
	Text, Thought, Calls, Finish string
	Signatures                   int
	Total                        int64
	Citations                    []string
	Logprobs                     string
}

func said(t *testing.T, chunks ...[]byte) words {
	t.Helper()
	var w words
	for _, chunk := range chunks {
		var a struct {
			Candidates []struct {
				Content struct {
					Parts []struct {
						Text             string
						Thought          bool
						ThoughtSignature string
						FunctionCall     *struct {
							Name string
							Args map[string]any
						}
						ExecutableCode         *struct{ Code string }
						CodeExecutionResult    *struct{ Output string }
						ToolCall, ToolResponse any
					}
				}
				FinishReason      string
				GroundingMetadata struct {
					GroundingChunks   []struct{ Web *struct{ URI string } }
					GroundingSupports []struct {
						Segment               struct{ Text string }
						GroundingChunkIndices []int
					}
				}
				LogprobsResult any
			}
			UsageMetadata struct{ TotalTokenCount int64 }
		}
		if err := json.Unmarshal(chunk, &a); err != nil {
			t.Fatal(err)
		}
		w.Total = max(w.Total, a.UsageMetadata.TotalTokenCount)
		for _, c := range a.Candidates {
			for _, p := range c.Content.Parts {
				switch {
				case p.ToolCall != nil || p.ToolResponse != nil:
					continue
				case p.ExecutableCode != nil: // its signature goes with it: there is no call to carry it
					w.Text += "\n```python\n" + strings.TrimSuffix(p.ExecutableCode.Code, "\n") + "\n```\n"
					continue
				case p.CodeExecutionResult != nil:
					w.Text += "\n```\n" + strings.TrimSuffix(p.CodeExecutionResult.Output, "\n") + "\n```\n"
					continue
				case p.Thought:
					w.Thought += p.Text
				default:
					w.Text += p.Text
				}
				if p.ThoughtSignature != "" {
					w.Signatures++
				}
				if p.FunctionCall != nil {
					if p.FunctionCall.Args == nil {
						p.FunctionCall.Args = map[string]any{}
					}
					b, _ := json.Marshal(p.FunctionCall)
					w.Calls += string(b)
				}
			}
			w.Finish += c.FinishReason
			if c.LogprobsResult != nil {
				b, _ := json.Marshal(c.LogprobsResult)
				w.Logprobs = string(b)
			}
			for _, s := range c.GroundingMetadata.GroundingSupports {
				for _, i := range s.GroundingChunkIndices {
					if web := c.GroundingMetadata.GroundingChunks[i].Web; web != nil {
						w.Citations = append(w.Citations, web.URI+" "+s.Segment.Text)
					}
				}
			}
		}
	}
	w.Finish = strings.Replace(w.Finish, "MODEL_ARMOR", "SAFETY", 1)
	if strings.Contains(w.Logprobs, "tokenId") {
		w.Logprobs = withoutTokenIDs(w.Logprobs)
	}
	return w
}

func withoutTokenIDs(s string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(s, `,"tokenId":`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		s = strings.TrimLeft(after, "0123456789")
	}
}

// However the network cuts a stream, it gives the same events.
func TestRecordedStreamsAtEveryCut(t *testing.T) {
	n := 0
	for _, r := range protocoltest.Recordings(t, "gemini") {
		if !r.Stream {
			continue
		}
		n++
		want := collect(t, events(t, exchange(seeing(), "gemini-3"), r.Body, 0))
		for _, size := range []int{1, 2, 3, 7, 61, 4096} {
			got := collect(t, events(t, exchange(seeing(), "gemini-3"), r.Body, size))
			if !reflect.DeepEqual(want, got) { // quicker than cmp, which tells what differs
				t.Errorf("%s in pieces of %d:\n%s", r.Name, size, cmp.Diff(want, got))
			}
		}
		// The array form of the same chunks says the same.
		var array []byte
		for i, f := range frames(t, r.Body) {
			array = gemini.ArrayElement(array, f, i == 0)
		}
		array = append(array, gemini.ArrayEnd...)
		for _, size := range []int{1, 5, 4096} {
			x := exchange(seeing(), "gemini-3")
			d := gemini.NewStreamDecoder(x)
			var s gemini.ArraySplitter
			var all []protocol.Event
			piece := func(raw []byte) { all = d.Frame(all, bytes.Clone(raw)) }
			for rest := array; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				if err := s.Feed(rest[:min(size, len(rest))], piece); err != nil {
					t.Fatal(err)
				}
			}
			s.Close(piece)
			if got := collect(t, d.End(all)); !reflect.DeepEqual(want, got) {
				t.Errorf("%s as an array in pieces of %d:\n%s", r.Name, size, cmp.Diff(want, got))
			}
		}
		whole, err := gemini.DecodeResponse(exchange(seeing(), "gemini-3"), array)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, whole) {
			t.Errorf("%s as one body:\n%s", r.Name, cmp.Diff(want, whole))
		}
	}
	if n < 20 {
		t.Errorf("only %d streams", n)
	}
}

// What real clients and recorded runs asked becomes a hub request, and one of
// the schema again.
func TestRecordedRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "gemini.generateContent.request")
	files, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "recordings/gemini"), "*.request.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	bodies := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bodies[filepath.Base(f)] = b
	}
	captures, _ := filepath.Glob(filepath.Join(protocoltest.Shared(t, "captures/gemini-cli-0.61.0"), "*.json"))
	for _, f := range captures {
		name := "gemini-cli-0.61.0/" + filepath.Base(f)
		bodies[name] = protocoltest.Capture(t, name)
	}
	// The schema knows the names in camelCase only; what Google's tools say is carried as it is.
	snake := strings.NewReplacer("file_search_store_names", "fileSearchStoreNames")
	refused := 0
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			for _, target := range []string{"gemini-2.0-flash", "gemini-2.5-pro", "gemini-3.1-pro-preview"} {
				x := exchange(nil, target)
				if err := gemini.DecodeRequest(x, []byte(snake.Replace(string(body)))); err != nil {
					if !strings.Contains(err.Error(), "cached content") {
						t.Fatal(err)
					}
					refused++
					return
				}
				protocol.Arrange(x)
				out, err := gemini.EncodeRequest(nil, x)
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(out); err != nil {
					t.Errorf("%s: %v\n%.1000s", target, err, out)
				}
			}
		})
	}
	if refused != 2 {
		t.Errorf("%d requests with cached content, want the two recorded", refused)
	}
}
