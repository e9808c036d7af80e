package protocol_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// answered is a provider's answer on its way to a client, one of the numbered
// cases in which gateways go wrong.
type answered struct {
	name   string // begins with case- and the number
	from   string // the provider's API
	to     string // the client's
	ask    string // the client's request, where it matters
	body   string // a whole answer
	stream []string
	want   []string // what stands in what the client gets, in this order; "!": what does not
}

func codecOf(name string) codec {
	for _, c := range codecs {
		if c.name == name {
			return c
		}
	}
	panic("no codec " + name)
}

// exchange is the call of the answer: of a client that shows all, or of the
// request that the case gives.
func (a answered) exchange(t *testing.T) *protocol.Exchange {
	t.Helper()
	x := converting(a.stream != nil)
	if a.ask == "" {
		return x
	}
	x.Request = new(protocol.Request)
	for _, c := range clients {
		if c.name == a.to {
			if err := c.decode(x, []byte(a.ask)); err != nil {
				t.Fatal(err)
			}
		}
	}
	protocol.Arrange(x)
	for _, to := range instances {
		if to.name == a.from {
			x.Target = to.model
			if _, err := to.encode(nil, x); err != nil { // it remembers what names became
				t.Fatal(err)
			}
		}
	}
	return x
}

// framed is a stream as the provider sends it.
func (a answered) framed() []byte {
	var b strings.Builder
	for _, data := range a.stream {
		switch {
		case strings.HasPrefix(data, ":"):
			b.WriteString(data + "\n\n")
		case a.from == "gemini":
			b.WriteString("data: " + data + "\r\n\r\n")
		case a.from == "chat":
			b.WriteString("data: " + data + "\n\n")
		default:
			_, kind, _ := strings.Cut(data, `"type":"`)
			kind, _, _ = strings.Cut(kind, `"`)
			b.WriteString("event: " + kind + "\ndata: " + data + "\n\n")
		}
	}
	return []byte(b.String())
}

// give converts the answer for the client.
func (a answered) give(t *testing.T) []byte {
	t.Helper()
	from, to, x := codecOf(a.from), codecOf(a.to), a.exchange(t)
	if a.stream == nil {
		r, err := from.decode(x, []byte(a.body))
		if err != nil {
			t.Fatal(err)
		}
		return to.encode(nil, x, r)
	}
	encoder := to.encoder(x)
	var out []byte
	feed(t, from.decoder(x), a.framed(), func(e *protocol.Event) { out = encoder.Event(out, e) })
	return out
}

var casesAnswered = [][]answered{casesFromAnthropic, casesFromGemini, casesFromChat, casesFromResponses}

func TestCasesOfAnswers(t *testing.T) {
	for _, a := range sliceOf(casesAnswered) {
		form := " whole"
		if a.stream != nil {
			form = " streamed"
		}
		t.Run(a.name+" "+a.from+" to "+a.to+form, func(t *testing.T) {
			out := a.give(t)
			t.Logf("%s", out)
			holds(t, string(out), a.want)
		})
	}
}

func TestCasesOfAnswersAreOfTheClientsSchema(t *testing.T) {
	for _, a := range sliceOf(casesAnswered) {
		t.Run(a.name+" "+a.from+" to "+a.to, func(t *testing.T) {
			to, out := codecOf(a.to), a.give(t)
			if a.stream != nil {
				checkStream(t, to, protocoltest.LoadSchema(t, to.event), out)
			} else if err := protocoltest.LoadSchema(t, to.whole).Validate(out); err != nil {
				t.Errorf("%v\nin %s", err, out)
			}
		})
	}
}

// Calls that Gemini gives no ids get ones that differ, and that are the same
// whenever the answer is read again.
func TestIDsOfCallsWithoutIDs(t *testing.T) {
	for _, to := range []string{"chat", "anthropic", "responses"} {
		t.Run("case-67 "+to, func(t *testing.T) {
			var first []string
			for range 2 {
				for _, a := range []answered{{from: "gemini", to: to, body: twins}, {from: "gemini", to: to, stream: []string{twins}}} {
					ids := idsOf(a.give(t), `"(?:call_id|id)":"((?:call|toolu)_[^"]+)"`)
					slices.Sort(ids)
					if ids = slices.Compact(ids); first == nil {
						first = ids
					}
					if len(ids) != 2 || !slices.Equal(ids, first) {
						t.Errorf("%q, the first time %q", ids, first)
					}
				}
			}
		})
	}
}

// Whole and as a stream, an answer says the same to every client.
func TestStreamedAndWholeSayTheSame(t *testing.T) {
	for _, from := range codecs {
		for _, to := range codecs {
			t.Run("case-110 "+from.name+" to "+to.name, func(t *testing.T) {
				for _, r := range protocoltest.Recordings(t, from.recordings) {
					if r.Stream || r.Status != 200 {
						continue
					}
					answer, err := from.decode(converting(false), r.Body)
					if err != nil {
						continue // an error that came as a 200
					}
					whole, err := to.decode(converting(false), to.encode(nil, converting(false), answer))
					if err != nil {
						t.Fatalf("%s: %v", r.Name, err)
					}
					encoder := to.encoder(converting(true))
					var stream []byte
					for _, e := range answer.Replay(nil) {
						stream = encoder.Event(stream, &e)
					}
					var got protocol.Collector
					feed(t, to.decoder(converting(true)), stream, got.Add)
					streamed, failed := got.Response()
					if failed != nil {
						t.Fatalf("%s: %v\n%s", r.Name, failed, stream)
					}
					if d := cmp.Diff(essence(whole), essence(streamed)); d != "" || whole.Choices[0].Stop.Reason != streamed.Choices[0].Stop.Reason {
						t.Errorf("%s: stops %d and %d (-whole +streamed):\n%.2000s", r.Name, whole.Choices[0].Stop.Reason, streamed.Choices[0].Stop.Reason, d)
					}
				}
			})
		}
	}
}
