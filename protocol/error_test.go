package protocol_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestDialect(t *testing.T) {
	for d, name := range map[protocol.Dialect]string{protocol.OpenAI: "openai", protocol.Anthropic: "anthropic", protocol.Gemini: "gemini"} {
		if got, ok := protocol.ParseDialect(name); got != d || !ok || d.String() != name {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "none", "OpenAI", "unknown"} {
		if d, ok := protocol.ParseDialect(name); ok || d != protocol.None {
			t.Errorf("%q: %v, %v", name, d, ok)
		}
	}
	if protocol.None.String() != "none" || protocol.Dialect(99).String() != "unknown" {
		t.Error("names of None and of no dialect")
	}
}

// Every code has a status, a name of its own, and is found by its status.
func TestCodes(t *testing.T) {
	names := map[string]bool{}
	for c := protocol.InvalidRequest; c <= protocol.Overloaded; c++ {
		if names[c.String()] {
			t.Errorf("the name %s is used twice", c)
		}
		names[c.String()] = true
		want := c
		if c == protocol.ModelNotFound {
			want = protocol.NotFound
		}
		if got := protocol.CodeOf(c.Status()); got != want {
			t.Errorf("%v has status %d, which is %v", c, c.Status(), got)
		}
	}
	for _, c := range []protocol.Code{0, 200} {
		if c.Status() != 500 || c.String() != "internal" {
			t.Errorf("code %d: %d %s", uint8(c), c.Status(), c)
		}
	}
	for status, want := range map[int]protocol.Code{402: protocol.Permission, 409: protocol.InvalidRequest, 422: protocol.InvalidRequest, 500: protocol.Internal, 599: protocol.Internal} {
		if got := protocol.CodeOf(status); got != want {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
}

func TestError(t *testing.T) {
	e := protocol.Errorf(protocol.RateLimited, "wait %d s", 3)
	if e.Error() != "rate_limited: wait 3 s" || e.HTTPStatus() != 429 || e.Text() != "wait 3 s" {
		t.Errorf("%v %d %s", e, e.HTTPStatus(), e.Text())
	}
	if e := (&protocol.Error{Code: protocol.TooLarge, Status: 400}); e.HTTPStatus() != 400 || e.Text() == "" || e.Error() != "too_large" {
		t.Errorf("%v %d %q", e, e.HTTPStatus(), e.Text())
	}
	if e := protocol.Invalid("model", "no %s", "model"); e.Param != "model" || e.Message != "no model" || e.Code != protocol.InvalidRequest {
		t.Errorf("%+v", e)
	}
	if got := protocol.AsError(fmt.Errorf("reading: %w", e)); got != e {
		t.Errorf("AsError of a wrapped error: %v", got)
	}
	if got := protocol.AsError(errors.New("dial tcp 10.0.0.1: secret")); got.Code != protocol.Internal || got.Message == "" || got.Message == "dial tcp 10.0.0.1: secret" {
		t.Errorf("AsError of a foreign error: %v", got)
	}
	if protocol.AsError(nil) != nil {
		t.Error("AsError(nil)")
	}
}

func TestSplitInput(t *testing.T) {
	for _, c := range []struct {
		input, read, write, output int64
		want                       protocol.Usage
	}{
		{100, 60, 10, 5, protocol.Usage{Input: 30, Output: 5, CacheRead: 60, CacheWrite: 10}},
		{10, 60, 0, 5, protocol.Usage{Output: 5, CacheRead: 60}},
		{-1, -1, -1, -1, protocol.Usage{}},
	} {
		got := protocol.SplitInput(c.input, c.read, c.write, c.output)
		if got != c.want || got.Total() != got.Input+got.Output+got.CacheRead+got.CacheWrite {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
