package protocol_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
)

func TestSignatureWrap(t *testing.T) {
	for name, s := range map[string]protocol.Signature{
		"anthropic":     {Maker: protocol.MadeByAnthropic, Data: protocol.Text(`"EqQBCgIYAhIM+/=="`)},
		"gemini":        {Maker: protocol.MadeByGemini, Data: protocol.Text(`"CiQB"`)},
		"openai":        {Maker: protocol.MadeByOpenAI, Data: protocol.Text(`"gAAAA"`), ID: protocol.Text(`"rs_1"`)},
		"escapes":       {Maker: protocol.MadeByGemini, Data: protocol.Text(`"a\n\"\u00e9é"`), ID: protocol.Text(`"\\"`)},
		"a megabyte":    {Maker: protocol.MadeByAnthropic, Data: protocol.TextOf(strings.Repeat("x", 1<<20))},
		"looks wrapped": {Maker: protocol.MadeByAnthropic, Data: protocol.Text(`"llmgw1.none"`)},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.Wrap()
			if !bytes.HasPrefix(w, []byte(`"llmgw1.`)) || !json.Valid(w) || bytes.ContainsAny(w, `\<>&`) {
				t.Fatalf("not fit for JSON: %.80s", w)
			}
			if !bytes.Equal(w, s.Wrap()) {
				t.Error("two wraps differ")
			}
			got, ok := protocol.Unwrap(w)
			if d := cmp.Diff(s, got); d != "" || !ok {
				t.Errorf("came back as %v (-want +got):\n%.500s", ok, d)
			}
		})
	}
}

func TestSignatureNone(t *testing.T) {
	for _, s := range []protocol.Signature{{}, {Maker: protocol.MadeByGemini}, {Data: protocol.Text(`"x"`)}, {Maker: 99, Data: protocol.Text(`"x"`)}} {
		if w := string(s.Wrap()); w != `"llmgw1.none"` {
			t.Errorf("%+v gives %s", s, w)
		}
	}
	s, ok := protocol.Unwrap(protocol.Text(`"llmgw1.none"`))
	if !ok || s.Present() {
		t.Errorf("the wrapped nothing is %+v, %v", s, ok)
	}
}

func TestUnwrapRefuses(t *testing.T) {
	forged := func(plain string) string { return "llmgw1." + base64.RawURLEncoding.EncodeToString([]byte(plain)) }
	for name, s := range map[string]string{
		"empty":             "",
		"a provider's":      "EqQBCgIYAhIM",
		"prefix alone":      "llmgw1.",
		"prefix inside":     "x" + forged("a\ndata"),
		"padding":           "llmgw1.YQo=",
		"cut":               forged("a\ndata")[:10],
		"unknown maker":     forged("z\ndata"),
		"zero maker":        forged("\x00\ndata"),
		"no separator":      forged("adata"),
		"no data":           forged("aid\n"),
		"a quote":           forged("a\nda\"ta"),
		"a quote in the id": forged("a\",\"x\":\"\ndata"),
		"ends in backslash": forged("a\ndata\\"),
		"broken escape":     forged("a\nda\\xta"),
		"not UTF-8":         forged("a\nda\xffta"),
		"a control":         forged("a\nda\nta"),
	} {
		if got, ok := protocol.Unwrap(protocol.TextOf(s)); ok {
			t.Errorf("%s: accepted as %+v", name, got)
		}
	}
	if _, ok := protocol.Unwrap(nil); ok {
		t.Error("an absent text is a signature")
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add("llmgw1.none")
	f.Add(protocol.Signature{Maker: protocol.MadeByOpenAI, Data: protocol.Text(`"d"`), ID: protocol.Text(`"i"`)}.Wrap().String())
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := protocol.Unwrap(protocol.TextOf(s))
		if !ok || !got.Present() {
			return
		}
		if !json.Valid(got.Data) || got.ID != nil && !json.Valid(got.ID) {
			t.Fatalf("%q gives %q, %q", s, got.Data, got.ID)
		}
		if again := got.Wrap().String(); again != s {
			t.Fatalf("%q becomes %q", s, again)
		}
	})
}
