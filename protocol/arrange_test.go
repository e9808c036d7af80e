package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

// conversation reads "u:hi a:t!c1 r:c1=ok": turns with parts joined by '+'.
func conversation(s string) []protocol.Message {
	var out []protocol.Message
	for turn := range strings.FieldsSeq(s) {
		who, what, _ := strings.Cut(turn, ":")
		m := protocol.Message{}
		switch who {
		case "a":
			m.Role = protocol.RoleAssistant
		case "s":
			m.Role = protocol.RoleSystem
		}
		for part := range strings.SplitSeq(what, "+") {
			switch {
			case strings.HasPrefix(part, "!"):
				m.Parts = append(m.Parts, protocol.Part{Kind: protocol.PartCall, ID: protocol.TextOf(part[1:]), Name: protocol.TextOf("f" + part[1:])})
			case strings.Contains(part, "="):
				id, text, _ := strings.Cut(part, "=")
				m.Parts = append(m.Parts, protocol.Part{Kind: protocol.PartResult, ID: protocol.TextOf(id), Parts: []protocol.Part{{Text: protocol.TextOf(text)}}})
			default:
				m.Parts = append(m.Parts, protocol.Part{Text: protocol.TextOf(part)})
			}
		}
		out = append(out, m)
	}
	return out
}

func spell(ms []protocol.Message) string {
	var out []string
	for _, m := range ms {
		var parts []string
		for _, p := range m.Parts {
			switch p.Kind {
			case protocol.PartCall:
				parts = append(parts, "!"+p.ID.String())
			case protocol.PartResult:
				text := ""
				if len(p.Parts) > 0 {
					text = p.Parts[0].Text.String()
				}
				parts = append(parts, fmt.Sprintf("%s(%s)=%s", p.ID, p.Name, text))
			default:
				parts = append(parts, p.Text.String())
			}
		}
		out = append(out, string("uasd"[m.Role])+":"+strings.ReplaceAll(strings.Join(parts, "+"), `"`, ""))
	}
	return strings.Join(out, " ")
}

func TestArrange(t *testing.T) {
	for name, tc := range map[string]struct{ in, want, warned string }{
		"plain":                    {"s:a u:b a:c u:d", "s:a u:b a:c u:d", ""},
		"neighbours":               {"u:a u:b a:c a:d u:e", "u:a+b a:c+d u:e", ""},
		"parallel results":         {"u:q a:!1+!2 u:1=x u:2=y u:go", "u:q a:!1+!2 u:1(f1)=x+2(f2)=y+go", ""},
		"results in another order": {"u:q a:!1+!2 u:2=y u:1=x", "u:q a:!1+!2 u:1(f1)=x+2(f2)=y", ""},
		"text before the result":   {"u:q a:!1 u:t+1=x", "u:q a:!1 u:1(f1)=x+t", ""},
		"result missing":           {"u:q a:!1+!2 u:2=y", "u:q a:!1+!2 u:1(f1)=no result+2(f2)=y", "no result"},
		"calls at the end":         {"u:q a:!1", "u:q a:!1 u:1(f1)=no result", "no result"},
		"orphan":                   {"u:q a:t u:9=x", "u:q a:t u:[tool result]+x", "answers no call"},
		"several results":          {"u:q a:!1 u:1=x u:1=y", "u:q a:!1 u:1(f1)=y", "several"},
		"calls that share an id":   {"u:q a:!1+!1 u:1=x u:1=y", "u:q a:!1+!1_2 u:1(f1)=x+1_2(f1)=y", ""},
		"system between":           {"u:q a:!1 s:note u:1=x", "u:q a:!1 u:1(f1)=x s:note", ""},
		"empty assistant":          {"u:q a: u:r", "u:q+r", ""},
		"empty user":               {"u:q a:b u: a:c", "u:q a:b u:. a:c", ""},
		"one id in two turns":      {"u:q a:!1 u:1=x a:!1 u:1=y", "u:q a:!1 u:1(f1)=x a:!1 u:1(f1)=y", ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := &protocol.Exchange{Request: &protocol.Request{Messages: conversation(tc.in)}}
			protocol.Arrange(x)
			if got := spell(x.Request.Messages); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if header := x.WarningsHeader(); !strings.Contains(header, tc.warned) || tc.warned == "" && header != "" {
				t.Errorf("warnings %q, want %q", header, tc.warned)
			}
		})
	}
}

// One more turn must not change what stands before it: prompt caches compare
// prefixes.
func TestArrangeKeepsThePrefix(t *testing.T) {
	whole := strings.Fields("s:a u:b a:c+!1 u:1=x u:d a:!2+!3 u:3=y u:2=z a:e s:f u:g")
	before := ""
	for n := 1; n <= len(whole); n++ {
		x := &protocol.Exchange{Request: &protocol.Request{Messages: conversation(strings.Join(whole[:n], " "))}}
		protocol.Arrange(x)
		got := spell(x.Request.Messages)
		if strings.HasPrefix(whole[n-1], "u:") && before != "" && !strings.Contains(before, "no result") && !strings.HasPrefix(got, before) {
			t.Errorf("with %s: %s\nbefore: %s", whole[n-1], got, before)
		}
		before = got
	}
}
