package protocol

import "testing"

func TestCallIDs(t *testing.T) {
	x := &Exchange{Rand: NewRand(1, 2)}
	var ids CallIDs
	seen := map[string]bool{}
	for i, given := range []string{"a", "b", "a", "a", ""} {
		p := Part{Kind: PartCall, ID: TextOf(given)}
		ids.Part(x, &p)
		if got := p.ID.String(); seen[got] || i < 2 && got != given {
			t.Errorf("%d: %q", i, got)
		}
		seen[p.ID.String()] = true
	}
	p := Part{Kind: PartText, ID: TextOf("a")}
	if ids.Part(x, &p); !p.ID.Is("a") {
		t.Errorf("a text has the id %s", p.ID)
	}
}
