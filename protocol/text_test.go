package protocol_test

import (
	"encoding/json"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestText(t *testing.T) {
	for s, blank := range map[string]bool{"": true, " \n\t\r": true, "a": false, "\\n": false, "\u00a0": false, `"`: false} {
		x := protocol.TextOf(s)
		if x.String() != s || x.Blank() != blank || x.Empty() != (s == "") || !x.Is(s) {
			t.Errorf("%q: %s blank %v empty %v", s, x, x.Blank(), x.Empty())
		}
	}
	var absent protocol.Text
	if !absent.Empty() || absent.Is("") || absent.String() != "" {
		t.Error("an absent text must be empty and equal nothing")
	}
}

func TestAppendTexts(t *testing.T) {
	got := protocol.AppendTexts(nil, "\n\n", protocol.TextOf("a\""), nil, protocol.TextOf(""), protocol.TextOf("b"))
	if string(got) != `"a\"\n\n\n\nb"` {
		t.Errorf("got %s", got)
	}
}

func TestAppendQuotedJSON(t *testing.T) {
	v := protocol.Raw("{\"a\":\"x\\n\\\"ü\",\n\t\"b\":[1]}")
	var text string
	if err := json.Unmarshal(protocol.AppendQuotedJSON(nil, v), &text); err != nil || text != string(v) {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestCompact(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:                            `{"a":1}`,
		"{ \"a b\" : [ 1 ,\n\t\"\\\" \" ] }": `{"a b":[1,"\" "]}`,
		` 1 `:                                `1`,
	} {
		if got := protocol.Raw(in).Compact(); string(got) != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestRuleFit(t *testing.T) {
	anthropicID := protocol.Rule{Max: 64, Extra: "-"}
	start := protocol.Rule{Max: 20, Extra: "_.:-", Start: true}
	seen := map[string]string{}
	for _, in := range []string{"a.b", "a:b", "a/b", "functions.Bash:0", "", "ü", "x y"} {
		got := anthropicID.Fit(protocol.TextOf(in))
		if !anthropicID.Fits(got) {
			t.Errorf("%q becomes %s, which does not fit", in, got)
		}
		if other, ok := seen[string(got)]; ok {
			t.Errorf("%q and %q both become %s", in, other, got)
		}
		seen[string(got)] = in
	}
	for _, in := range []string{"1abc", "averylongnamethatdoesnotfithere", "-"} {
		if got := start.Fit(protocol.TextOf(in)); !start.Fits(got) {
			t.Errorf("%q becomes %s, which does not fit", in, got)
		}
	}
	if got := anthropicID.Fit(protocol.TextOf("toolu_01-a")); !got.Is("toolu_01-a") {
		t.Errorf("a name that fits became %s", got)
	}
	x := &protocol.Exchange{}
	sent := x.SendName(protocol.TextOf("mcp.server/tool"), &anthropicID)
	if got := x.ClientName(sent); !got.Is("mcp.server/tool") {
		t.Errorf("the way back gives %s", got)
	}
}
