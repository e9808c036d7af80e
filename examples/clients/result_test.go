package main

import (
	"errors"
	"strings"
	"testing"
)

var tried = task{marker: "task-1", result: "sunny-1"}

func request(path, body string) seen { return seen{Method: "POST", Path: path, Body: []byte(body)} }

// Only what the provider saw of this very run counts.
func TestWitness(t *testing.T) {
	for name, c := range map[string]struct {
		requests []seen
		want     string // starts, streams, calls, reads
	}{
		"nothing":            {nil, "----"},
		"another run":        {[]seen{request("/v1/chat/completions", `{"stream":true,"x":"task-2 \"tool_result\" sunny-1"}`)}, "----"},
		"a first request":    {[]seen{request("/v1/responses", `{"stream":true,"input":"task-1"}`)}, "ss--"},
		"Gemini's stream":    {[]seen{request("/v1beta/models/m:streamGenerateContent", `{"x":"task-1"}`)}, "ss--"},
		"without a stream":   {[]seen{request("/v1/messages", `{"x":"task-1"}`)}, "s---"},
		"another result":     {[]seen{request("/v1/messages", `{"x":"task-1","type":"tool_result","content":"no such file"}`)}, "s-c-"},
		"the result":         {[]seen{request("/v1/chat/completions", `{"stream":true,"x":"task-1","role":"tool","content":"sunny-1"}`)}, "sscr"},
		"a function's":       {[]seen{request("/v1/responses", `{"stream":true,"x":"task-1","type":"function_call_output","output":"sunny-1"}`)}, "sscr"},
		"Gemini's functions": {[]seen{request("/v1beta/models/m:streamGenerateContent", `{"x":"task-1","functionResponse":{"output":"sunny-1"}}`)}, "sscr"},
	} {
		var res result
		res.witness(tried, c.requests)
		got := ""
		for i, ok := range []bool{res.starts, res.streams, res.calls, res.reads} {
			if ok {
				got += string("sscr"[i])
			} else {
				got += "-"
			}
		}
		if got != c.want || res.trouble != "" {
			t.Errorf("%s: %s, want %s; %s", name, got, c.want, res.trouble)
		}
	}
	var res result
	res.witness(tried, []seen{request("/v1/messages", `{"x":"task-1 `+clientKey+`"}`)})
	if res.trouble == "" {
		t.Error("the client's key reached the provider, and nobody says so")
	}
	res = result{pieces: 1}
	if res.witness(tried, []seen{request("/v1/messages", `{"stream":true,"x":"task-1"}`)}); res.streams {
		t.Error("an answer in one piece counts as a stream")
	}
}

func TestReadDrivers(t *testing.T) {
	var res result
	res.read(&client{}, tried, `noise
{"answer":"The tool answered: sunny-1","pieces":3}
{"check":"image","ok":true}
{"check":"models","ok":false,"error":"none"}
`, nil)
	if !res.answers || res.pieces != 3 || res.checks != 2 || res.passed != 1 || len(res.troubles) != 1 || res.trouble != "" {
		t.Errorf("%+v", res)
	}
	for name, out := range map[string]string{"another answer": `{"answer":"The tool answered: sunny-2"}`, "an answer out of nowhere": `{"answer":"sunny-1"}`} {
		res = result{}
		if res.read(&client{}, tried, out, nil); res.answers {
			t.Errorf("%s counts", name)
		}
	}
	for name, out := range map[string]string{"an error": `{"error":"400"}`, "silence": ""} {
		res = result{}
		if res.read(&client{}, tried, out, nil); res.trouble == "" || res.answers {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestReadAgents(t *testing.T) {
	said := "The tool answered: sunny-1"
	for name, c := range map[string]struct {
		out  string
		err  error
		want bool
	}{
		"the answer":                   {said + "\n--- standard error\n", nil, true},
		"only in standard error":       {"\n--- standard error\n" + said, nil, false},
		"the answer, and then a crash": {said + "\n--- standard error\n", errors.New("exit status 1"), false},
	} {
		var res result
		if res.read(&client{plain: true}, tried, c.out, c.err); res.answers != c.want || (c.err != nil) != (res.trouble != "") {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestRows(t *testing.T) {
	c := &client{name: "a", version: "1", speaks: "chat"}
	good := result{client: c, dialect: "openai", starts: true, streams: true, calls: true, reads: true, answers: true, checks: 2, passed: 2}
	if good.failed() || strings.Contains(good.line(), "NO") || !strings.Contains(good.line(), "2/2") {
		t.Error(good.line())
	}
	bad := good
	bad.passed, bad.troubles = 1, []string{"image: two\nlines"}
	if !bad.failed() || !strings.HasSuffix(bad.line(), "    image: two lines\n") {
		t.Error(bad.line())
	}
	skipped := result{client: c, skipped: "no npm"}
	if skipped.failed() || !strings.Contains(skipped.line(), "skipped: no npm") {
		t.Error(skipped.line())
	}
	if got, want := summary([]result{good, bad, skipped}), "1 work, 1 do not, 1 skipped; 3 of 4 other checks pass"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestChoose(t *testing.T) {
	in := &installer{}
	all := in.clients()
	for which, want := range map[string]func(*client) bool{
		"all":                 func(*client) bool { return true },
		"agents":              func(c *client) bool { return c.group == "agents" },
		"sdks":                func(c *client) bool { return c.group != "agents" },
		"codex,openai-python": func(c *client) bool { return c.name == "codex" || c.name == "openai-python" },
	} {
		got, err := choose(all, which)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, c := range all {
			if want(c) {
				n++
			}
		}
		for _, c := range got {
			if !want(c) {
				t.Errorf("%s chooses %s", which, c.name)
			}
		}
		if len(got) != n {
			t.Errorf("%s chooses %d, want %d", which, len(got), n)
		}
	}
	if _, err := choose(all, "emacs"); err == nil || !strings.Contains(err.Error(), "claude-code") {
		t.Errorf("%v", err)
	}
}
