package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

const claudeUser = `{\"device_id\":\"00\",\"account_uuid\":\"\",\"session_id\":\"s-1\"}`

func TestPeek(t *testing.T) {
	for _, c := range []struct {
		body string
		want protocol.Peek
	}{
		{`{}`, protocol.Peek{}},
		{`{"model":"claude-opus-5","messages":[],"stream":true}`, protocol.Peek{Model: "claude-opus-5", Stream: true, HasMessages: true}},
		{`{"model":"m","metadata":{"user_id":"u"}}`, protocol.Peek{Model: "m", UserID: "u"}},
		{`{"metadata":{"user_id":"` + claudeUser + `"}}`, protocol.Peek{UserID: strings.ReplaceAll(claudeUser, `\`, ""), SessionID: "s-1"}},
		{`{"metadata":{"user_id":"user_ab12_account_c3_session_d-4"}}`, protocol.Peek{UserID: "user_ab12_account_c3_session_d-4", SessionID: "d-4"}},
		{`{"metadata":{"user_id":"my_session_x"}}`, protocol.Peek{UserID: "my_session_x"}},
		{`{"metadata":{"user_id":"{broken"}}`, protocol.Peek{UserID: "{broken"}},
		{`{"metadata":{"user_id":"{\"session_id\":7}"}}`, protocol.Peek{UserID: `{"session_id":7}`}},
		{`{"metadata":{"user_id":null}}`, protocol.Peek{}},
		{`{"metadata":null}`, protocol.Peek{}},
		{`{"metadata":"x"}`, protocol.Peek{}},
	} {
		got, err := anthropic.Peek([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
		spans := cmpopts.IgnoreFields(protocol.Peek{}, "ModelSpan", "StreamSpan", "System", "Tools", "Messages")
		if d := cmp.Diff(c.want, got, spans); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
}

func TestPeekFaults(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":5}`: "model", `{"stream":1}`: "stream", `{"model":"m"`: "", ``: "", `{"model":"a","model":"b"}`: "",
	} {
		p, err := anthropic.Peek([]byte(body))
		if e := protocol.AsError(err); e == nil || e.Code != protocol.InvalidRequest || e.Param != want || p != (protocol.Peek{}) {
			t.Errorf("%s: %+v, %v", body, p, err)
		}
	}
}

func TestPeekCaptures(t *testing.T) {
	for name, model := range map[string]string{
		"claude-code-2.1.197/claude-text-02.json":    "claude-opus-4-8",
		"claude-code-2.1.330/claude330-text-01.json": "claude-opus-5-5",
	} {
		body := protocoltest.Capture(t, name)
		p, err := anthropic.Peek(body)
		if err != nil || p.Model != model || !p.Stream || !p.HasMessages || p.SessionID != "00000000-0000-4000-8000-000000000001" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		out := protocol.Splice(nil, body, protocol.Replace(p.ModelSpan, []byte(`"other"`)))
		if want := strings.Replace(string(body), `"model":"`+model+`"`, `"model":"other"`, 1); string(out) != want {
			t.Errorf("%s: more than the model has changed", name)
		}
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","stream":true,"metadata":{"user_id":"` + claudeUser + `"}}`, `{"metadata":{"user_id":"user_a_session_b"}}`, `{"metadata":[]}`, `{"model":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := anthropic.Peek(body)
		if err != nil {
			if protocol.AsError(err).Code != protocol.InvalidRequest {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if !p.ModelSpan.Present() {
			return
		}
		out := protocol.Splice(nil, body, protocol.Replace(p.ModelSpan, []byte(`"x"`)))
		again, err := anthropic.Peek(out)
		if err != nil || again.Model != "x" || again.Stream != p.Stream || again.UserID != p.UserID || again.SessionID != p.SessionID {
			t.Fatalf("%q became %q: %+v, %v", body, out, again, err)
		}
	})
}
