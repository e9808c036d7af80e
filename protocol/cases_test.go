package protocol_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// asked is a client's request on its way to a model's provider, one of the
// numbered cases in which gateways go wrong.
type asked struct {
	name  string // begins with case- and the number
	from  string // the client's API
	model string // tells the provider; "responses:" before it, that API of OpenAI's
	body  string
	want  []string // what stands in the provider's body, in this order; "!": what does not
	warn  string   // all warnings, as the header has them
	param string   // of the field at fault, where the request is refused
}

// toProvider is the API of a model's provider.
func toProvider(model string) (name string, to instance) {
	for _, p := range []struct {
		prefix string
		instance
	}{
		{"responses:", instance{"responses", "", "openai.responses.request", openai.EncodeResponsesRequest}},
		{"claude-", instance{"anthropic", "", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest}},
		{"gemini-", instance{"gemini", "", "gemini.generateContent.request", gemini.EncodeRequest}},
		{"", instance{"chat", "", "openai.chat.completions.request", openai.EncodeChatRequest}},
	} {
		if rest, ok := strings.CutPrefix(model, p.prefix); ok {
			if p.prefix != "responses:" {
				rest = model
			}
			return rest, p.instance
		}
	}
	panic("not reached")
}

// send converts a request for the model's provider.
func (a asked) send(t *testing.T) ([]byte, *protocol.Exchange, error) {
	t.Helper()
	x := &protocol.Exchange{Request: new(protocol.Request), Model: "asked", Now: converting(false).Now, Rand: protocol.NewRand(1, 2)}
	for _, c := range clients {
		if c.name == a.from {
			if err := c.decode(x, []byte(a.body)); err != nil {
				return nil, x, err
			}
		}
	}
	protocol.Arrange(x)
	model, to := toProvider(a.model)
	x.Target = model
	out, err := to.encode(nil, x)
	return out, x, err
}

var casesAsked = [][]asked{casesOfTurns, casesOfTools, casesOfSettings, casesOfForms, casesOfResults, casesOfThinking, casesOfMistakes, casesOfHistory, casesOfUnknown, casesOfSchemas}

func TestCasesOfRequests(t *testing.T) {
	for _, a := range sliceOf(casesAsked) {
		t.Run(a.name+" "+a.from+" to "+a.model, func(t *testing.T) {
			out, x, err := a.send(t)
			t.Logf("%s\n%s", out, x.WarningsHeader())
			if a.param != "" {
				e := protocol.AsError(err)
				if e == nil || e.Code != protocol.InvalidRequest || e.Param != a.param || e.Message == "" {
					t.Fatalf("refused with %+v, want one for %s", e, a.param)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			holds(t, string(out), a.want)
			if w := x.WarningsHeader(); w != a.warn {
				t.Errorf("warns of %q, want %q", w, a.warn)
			}
		})
	}
}

func TestCasesAreOfTheProvidersSchema(t *testing.T) {
	for _, a := range sliceOf(casesAsked) {
		_, to := toProvider(a.model)
		schema := protocoltest.LoadSchema(t, to.schema)
		if out, _, err := a.send(t); err == nil {
			if err := schema.Validate(out); err != nil {
				t.Errorf("%s %s to %s: %v\nin %s", a.name, a.from, a.model, err, out)
			}
		}
	}
}

func sliceOf[T any](lists [][]T) []T {
	var all []T
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// holds tells which pieces of a text are missing, each looked for behind the
// one before it, and which stand there and must not.
func holds(t *testing.T, text string, want []string) {
	t.Helper()
	rest := text
	for _, w := range want {
		if not, ok := strings.CutPrefix(w, "!"); ok {
			if strings.Contains(text, not) {
				t.Errorf("%s stands in\n%s", not, text)
			}
			continue
		}
		_, behind, ok := strings.Cut(rest, w)
		if !ok {
			t.Errorf("%s is not, or not in its place, in\n%s", w, text)
			continue
		}
		rest = behind
	}
}

// Ids that a provider does not take are changed alike wherever they stand, and
// two that differ stay two.
func TestCasesOfIDs(t *testing.T) {
	long := idOf(83)
	for _, tc := range []struct {
		name, model string
		ids         []string
		fits        string
	}{
		{"case-5 ids that differ in what does not fit", "claude-sonnet-4-5", []string{"a.b", "a:b", "a_b"}, `^[a-zA-Z0-9_-]{1,64}$`},
		{"case-6 a long id", "gpt-4o", []string{long, long[:82] + "y"}, `^.{1,40}$`},
		{"case-6 a long id", "responses:gpt-5", []string{long, long[:82] + "y"}, `^.{1,64}$`},
		{"case-6 a long id", "claude-sonnet-4-5", []string{long, long[:82] + "y"}, `^[a-zA-Z0-9_-]+$`},
	} {
		for from, body := range map[string]string{"chat": chatOf(callWith(tc.ids...)), "responses": responsesOf(itemsWith(tc.ids...)), "anthropic": messagesOf(usesWith(tc.ids...))} {
			if _, to := toProvider(tc.model); to.name == from {
				continue
			}
			t.Run(tc.name+" "+from+" to "+tc.model, func(t *testing.T) {
				out, _, err := asked{from: from, model: tc.model, body: body}.send(t)
				if err != nil {
					t.Fatal(err)
				}
				called, answered := idsOf(out, `"(?:id|call_id)":"([^"]+)"`), idsOf(out, `"(?:tool_use_id|tool_call_id)":"([^"]+)"`)
				if len(answered) == 0 { // Responses has one name for both
					called, answered = called[:len(called)/2], called[len(called)/2:]
				}
				if len(called) != len(tc.ids) || !slices.Equal(called, answered) {
					t.Fatalf("calls %q, results %q in %s", called, answered, out)
				}
				for i, id := range called {
					if !regexp.MustCompile(tc.fits).MatchString(id) || slices.Contains(called[:i], id) {
						t.Errorf("%q of %q", id, called)
					}
				}
			})
		}
	}
}

func idsOf(body []byte, pattern string) (ids []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(body, -1) {
		ids = append(ids, string(m[1]))
	}
	return ids
}

// cases is how many cases are numbered.
const cases = 110

// Every case has a subtest that carries its number, here or in the gateway.
func TestEveryCaseHasATest(t *testing.T) {
	number := regexp.MustCompile(`\bcase-0*([1-9][0-9]*)\b`)
	have := map[string]bool{}
	for _, dir := range []string{".", "anthropic", "gemini", "openai", "sse", "../gateway", "../gateway/upstream"} {
		files, err := filepath.Glob(dir + "/*_test.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s: %v", dir, err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING { // a comment is no test
					for _, m := range number.FindAllStringSubmatch(lit.Value, -1) {
						have[m[1]] = true
					}
				}
				return true
			})
		}
	}
	var missing []int
	for n := 1; n <= cases; n++ {
		if !have[strconv.Itoa(n)] {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no subtest for the cases %v", missing)
	}
}
