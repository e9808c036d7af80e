package gateway

import (
	"testing"
	"time"
)

func TestTheWindowIsTheLastWholeSeconds(t *testing.T) {
	var x tally
	start := time.Unix(1_800_000_000, 0)
	for s := range 30 {
		x.add(counts{Requests: int64(s)}, start.Add(time.Duration(s)*time.Second))
	}
	a := x.account(start.Add(29*time.Second + 900*time.Millisecond))
	if a.Total.Requests != 29*30/2 || a.Window.Requests != 19+20+21+22+23+24+25+26+27+28 {
		t.Errorf("%+v", a)
	}
	if a = x.account(start.Add(time.Minute)); a.Window.Requests != 0 {
		t.Errorf("after a pause: %+v", a)
	}
}
