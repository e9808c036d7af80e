package recall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/recall"
	"github.com/llmgw/llmgw/protocol"
)

func thinking(data string) protocol.Part {
	return protocol.Part{Kind: protocol.PartThinking, Text: protocol.TextOf("hm"), Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: protocol.TextOf(data)}}
}

func call(id string) protocol.Part {
	return protocol.Part{Kind: protocol.PartCall, ID: protocol.TextOf(id), Name: protocol.TextOf("f"), Args: protocol.Raw("{}")}
}

func signed(id, data string) protocol.Part {
	p := call(id)
	p.Signature = protocol.Signature{Maker: protocol.MadeByGemini, Data: protocol.TextOf(data)}
	return p
}

func history(parts ...protocol.Part) *protocol.Request {
	return &protocol.Request{Messages: []protocol.Message{{Role: protocol.RoleUser}, {Role: protocol.RoleAssistant, Parts: parts}}}
}

func TestThinkingComesBack(t *testing.T) {
	m := recall.New(time.Now)
	m.Keep("k", []protocol.Part{thinking("s1"), {Kind: protocol.PartText}, call("a"), call("b")})

	r := history(call("a"), call("b"))
	m.Restore("k", r, protocol.MadeByAnthropic)
	got := r.Messages[1].Parts
	if len(got) != 3 || got[0].Kind != protocol.PartThinking || !got[0].Signature.Data.Is("s1") {
		t.Fatalf("got %v", got)
	}
	m.Restore("k", r, protocol.MadeByAnthropic)
	if len(r.Messages[1].Parts) != 3 {
		t.Error("a turn that has its thinking got it again")
	}
	for name, r := range map[string]*protocol.Request{"another key": history(call("a")), "another maker": history(call("a")), "another call": history(call("x"))} {
		key, maker := "k", protocol.MadeByAnthropic
		if name == "another key" {
			key = "other"
		}
		if name == "another maker" {
			maker = protocol.MadeByGemini
		}
		m.Restore(key, r, maker)
		if len(r.Messages[1].Parts) != 1 || r.Messages[1].Parts[0].Signature.Present() {
			t.Errorf("%s: got %v", name, r.Messages[1].Parts)
		}
	}
}

func TestSignatureComesBack(t *testing.T) {
	m := recall.New(time.Now)
	m.Keep("k", []protocol.Part{signed("a", "g"), call("b")})
	r := history(call("a"), call("b"))
	m.Restore("k", r, protocol.MadeByGemini)
	if got := r.Messages[1].Parts; !got[0].Signature.Data.Is("g") || got[1].Signature.Present() {
		t.Errorf("got %v", got)
	}
}

func TestMemoryForgets(t *testing.T) {
	now := time.Unix(0, 0)
	m := recall.New(func() time.Time { return now })
	m.Keep("k", []protocol.Part{signed("old", "g")})
	now = now.Add(2 * time.Hour)
	r := history(call("old"))
	if m.Restore("k", r, protocol.MadeByGemini); r.Messages[1].Parts[0].Signature.Present() {
		t.Error("an expired signature came back")
	}
	for i := range 30_000 {
		m.Keep("k", []protocol.Part{signed(fmt.Sprint(i), "g")})
	}
	r = history(call("0"), call("29999"))
	m.Restore("k", r, protocol.MadeByGemini)
	if got := r.Messages[1].Parts; got[0].Signature.Present() || !got[1].Signature.Present() {
		t.Error("a full memory must forget the oldest and keep the newest")
	}
}
