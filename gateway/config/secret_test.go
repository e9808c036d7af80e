package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const hunter = "hunter2"

func TestSecretPrintsMasked(t *testing.T) {
	s := Secret(hunter)
	holder := struct {
		S Secret
		P *Secret
		M map[string]Secret
		L []Secret
	}{s, &s, map[string]Secret{"k": s}, []Secret{s}}

	var logs bytes.Buffer
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{} // its digits may be those that are looked for
		}
		return a
	}}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&logs, timeless), slog.NewTextHandler(&logs, timeless)} {
		slog.New(h).Info("x", "secret", s, "pointer", &s, "holder", holder, slog.Group("g", "s", s))
	}
	if !strings.Contains(logs.String(), masked) {
		t.Errorf("the log shows nothing: %s", logs.String())
	}
	j, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	x, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{
		"log": logs.String(), "json": string(j), "xml": string(x), "String": s.String(), "GoString": s.GoString(),
		"Errorf": fmt.Errorf("failed with %w, %v", fmt.Errorf("%s", s), s).Error(), "Sprint": fmt.Sprint(s, &s, holder),
	}
	for verb := byte('!'); verb < 0x7f; verb++ {
		if verb == 'p' || verb == 'w' {
			continue // fmt asks no method then; vet refuses both
		}
		for _, flags := range []string{"", "+", "#", "-20", "020", ".3", " "} {
			f := "%" + flags + string(verb)
			printed[f] = fmt.Sprintf(f, s) + fmt.Sprintf(f, holder)
		}
	}
	for how, text := range printed {
		lower := strings.ToLower(text)
		for _, leak := range []string{"hunter", "hun", fmt.Sprintf("%x", hunter), "104"} { // 104: the byte h
			if strings.Contains(lower, leak) {
				t.Errorf("%s shows the secret: %s", how, text)
			}
		}
	}
	if got := fmt.Sprintf("%s|%q|%#v|%d", s, s, s, s); got != `***|"***"|"***"|***` {
		t.Errorf("got %s", got)
	}
	if s.Reveal() != hunter {
		t.Errorf("Reveal gives %q", s.Reveal())
	}
}

func TestSecretEmptyPrintsEmpty(t *testing.T) {
	if got := fmt.Sprintf("%s|%v|%q|%#v", Secret(""), Secret(""), Secret(""), Secret("")); got != `||""|""` {
		t.Errorf("got %s", got)
	}
	if j, err := json.Marshal(Secret("")); err != nil || string(j) != `""` {
		t.Errorf("got %s, %v", j, err)
	}
}

// TestConfigPrintsMasked holds whole configurations against careless logging.
func TestConfigPrintsMasked(t *testing.T) {
	c, err := Load("../../gateway.hcl.example", world())
	if err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer
	slog.New(slog.NewJSONHandler(&logs, nil)).Info("x", "config", c, "key", c.Keys[0], "instance", c.Providers[0].Instances[0])
	slog.New(slog.NewTextHandler(&logs, nil)).Info("x", "config", *c, "cluster", *c.Cluster)
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	raw := string(c.Cluster.Key())
	for how, text := range map[string]string{
		"%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v %+v", *c, *c.Cluster), "%#v": fmt.Sprintf("%#v %#v", *c, *c.Cluster),
		"log": logs.String(), "json": string(j), "Show": string(c.Show()), "ID": c.Providers[0].Instances[0].ID(), "Digest": c.Digest(),
	} {
		if strings.Contains(text, hunter) || strings.Contains(text, c.Cluster.Secret.Reveal()) || strings.Contains(text, raw) {
			t.Errorf("%s shows a secret: %s", how, text)
		}
	}
}

// TestSourceLinesAreMasked puts a secret wherever one may stand, right or
// wrong, beside an error on the same line, and looks for it in what is said.
func TestSourceLinesAreMasked(t *testing.T) {
	values := []string{
		`"hunter2"`, `"a${hunter2}b"`, `hunter2`, `["hunter2"]`, `{ a = "hunter2" }`, `upper("hunter2")`, `env("NO_SUCH", "hunter2", "hunter2")`,
		`env("hunter2-hunter2")`, "<<EOT\nhunter2\nEOT\n", `"hunter2`, `hunter2"`, `"x" "hunter2"`, `("hunter2"`, `"\u0000hunter2"`, `"hunter2\n"`, `5 # hunter2`,
		`nothing("hunter2")`, `"hunter2" + 1`, `true ? "hunter2" : hunter2`, `format("%d", "hunter2")`, `'hunter2'`, "`hunter2`", `/* hunter2 */ 5 6`,
		`base64decode("hunter2")`, `"${"${"hunter2"}"}" x`, `hunter2.hunter2[hunter2]`, `123hunter2`, `$hunter2`, `[for hunter2 in 5: "hunter2"]`,
		`file("hunter2")`, `"hunter2" = "hunter2"`, `{ "hunter2"`, `["hunter2",`, `"%{if hunter2}hunter2%{endif}"`,
	}
	places := []string{
		"api_key \"a\" {\n  key = %s\n}\n", "api_key \"a\" { key = %s }\n", "admin {\n  token = %s\n  listen = \":1\"\n}\n", "cluster {\n  secret = %s\n}\n",
		"provider \"openai\" {\n  instance \"a\" {\n    api_key = %s\n    weight = 0\n  }\n}\n",
		"provider \"openai\" {\n  instance \"a\" {\n    headers = { \"x-a\" = %s, nothing = nothing }\n  }\n}\n",
		"provider \"openai\" {\n  instance \"a\" {\n    headers = {\n      x-a : %s\n      y = nothing\n    }\n  }\n}\n",
		"apikey = %s\n", "admin {\n  tokn = %s\n}\n", "admin {\n  token: %s\n}\n", "admin {\n  token %s\n}\n", "admin { x = 1\n token = %s }\n",
		"server {\n  listen = \"\n  token = %s\n}\n", "log {\n  level = [\n  token = %s\n}\n", "admin {\n  \"token\" = %s\n}\n", "token = %s token = %s\n",
	}
	said := 0
	for _, p := range places {
		for _, v := range values {
			text := strings.ReplaceAll(p, "%s", v)
			_, err := Parse(map[string][]byte{"a.hcl": []byte(text), "b.hcl": []byte(text)}, world())
			if err == nil {
				continue
			}
			said++
			var b strings.Builder
			if _, err := err.(*Diagnostics).WriteTo(&b); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.ToLower(b.String()), hunter) {
				t.Errorf("a secret is shown of\n%s\n%s", text, b.String())
			}
		}
	}
	if said < len(places)*len(values)*9/10 {
		t.Errorf("only %d of %d sources have an error to show", said, len(places)*len(values))
	}
}
