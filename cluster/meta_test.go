package cluster

import (
	"strings"
	"testing"
	"time"
)

func sampleAnnouncement() announcement {
	return announcement{
		name: "gw-1", status: StatusActive, boot: time.Unix(1700000000, 123456789),
		meta: Meta{PeerAddress: "10.0.0.11:7947", APIAddress: "[2001:db8::1]:8080", Version: "v1.2.3", ConfigDigest: "a1b2c3d4", RingVersion: 1},
	}
}

func TestAnnouncementRoundTrip(t *testing.T) {
	for _, s := range statuses {
		a := sampleAnnouncement()
		a.status = s
		if err := a.validate(); err != nil {
			t.Fatal(err)
		}
		got, err := decodeAnnouncement(a.encode())
		if err != nil || got != a {
			t.Errorf("got %+v (%v), want %+v", got, err, a)
		}
		// A later program may add to the format.
		if got, err = decodeAnnouncement(append(a.encode(), 1, 2, 3)); err != nil || got != a {
			t.Errorf("with bytes added: %+v (%v)", got, err)
		}
	}
}

// TestAnnouncementWire holds the bytes: programs of two releases meet in one
// cluster.
func TestAnnouncementWire(t *testing.T) {
	want := "\x01\x01\x00\x01\x17\x97\x9c\xfe\x3d\x85\xcd\x15" +
		"\x04gw-1\x0e10.0.0.11:7947\x12[2001:db8::1]:8080\x06v1.2.3\x08a1b2c3d4"
	if got := string(sampleAnnouncement().encode()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAnnouncementRefusesGarbage(t *testing.T) {
	good := sampleAnnouncement().encode()
	for n := range good {
		if _, err := decodeAnnouncement(good[:n]); err == nil {
			t.Errorf("accepted when cut to %d of %d bytes", n, len(good))
		}
	}
	for name, change := range map[string]func(b []byte){
		"another format": func(b []byte) { b[0] = 2 },
		"no such status": func(b []byte) { b[1] = 3 },
		"control bytes":  func(b []byte) { b[announcementHeader+1] = '\n' },
		"broken UTF-8":   func(b []byte) { b[announcementHeader+1] = 0xff },
	} {
		b := sampleAnnouncement().encode()
		change(b)
		if a, err := decodeAnnouncement(b); err == nil {
			t.Errorf("%s: accepted as %+v", name, a)
		}
	}
	nameless := sampleAnnouncement()
	nameless.name = ""
	if _, err := decodeAnnouncement(nameless.encode()); err == nil {
		t.Error("accepted without a name")
	}
}

func TestAnnouncementLimits(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *announcement)
		want   string
	}{
		"empty name":     {func(a *announcement) { a.name = "" }, "the node name is empty"},
		"long name":      {func(a *announcement) { a.name = strings.Repeat("n", 256) }, "the node name is 256 bytes long"},
		"too much":       {func(a *announcement) { a.name, a.meta.PeerAddress = strings.Repeat("n", 250), strings.Repeat("p", 250) }, "at most 512 fit"},
		"line break":     {func(a *announcement) { a.meta.Version = "v1\nv2" }, `the version "v1\nv2" holds characters`},
		"ring version":   {func(a *announcement) { a.meta.RingVersion = 65536 }, "not between 0 and 65535"},
		"ring version -": {func(a *announcement) { a.meta.RingVersion = -1 }, "not between 0 and 65535"},
	} {
		a := sampleAnnouncement()
		c.change(&a)
		if err := a.validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
	a := sampleAnnouncement()
	a.name = strings.Repeat("n", 255)
	a.meta.PeerAddress = strings.Repeat("p", announcementLimit-announcementHeader-5-255-len(a.meta.APIAddress+a.meta.Version+a.meta.ConfigDigest))
	if err := a.validate(); err != nil || len(a.encode()) != announcementLimit {
		t.Errorf("the largest announcement: %v, %d bytes", err, len(a.encode()))
	}
}

func FuzzAnnouncement(f *testing.F) {
	f.Add(sampleAnnouncement().encode())
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAnnouncement(b)
		if err != nil {
			return
		}
		if len(b) > announcementLimit {
			return // memberlist does not carry it; the sizes below need not hold
		}
		if err := a.validate(); err != nil {
			t.Fatalf("decoded what cannot be encoded: %v", err)
		}
		if again, err := decodeAnnouncement(a.encode()); err != nil || again != a {
			t.Fatalf("%+v became %+v (%v)", a, again, err)
		}
	})
}
