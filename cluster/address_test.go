package cluster

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func testResolver(ctx context.Context, host string) ([]string, error) {
	hosts := map[string][]string{
		"gw.example": {"2001:db8::5", "10.0.0.5"}, "localhost": {"127.0.0.1", "::1"},
		"mapped": {"::ffff:10.0.0.6"}, "empty": {}, "odd": {"no address"},
	}
	if a, ok := hosts[host]; ok {
		return a, nil
	}
	return nil, errors.New("no such host")
}

func addrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func TestAdvertiseAddress(t *testing.T) {
	host := addrs("169.254.3.4", "203.0.113.9", "fe80::1", "2001:db8::9", "192.168.7.7", "10.1.1.1", "fd00::7")
	for _, c := range []struct{ bound, advertise, want string }{
		{"10.0.0.1:7946", "", "10.0.0.1:7946 the address bound"},
		{"0.0.0.0:7946", "", "192.168.7.7:7946 the first private address of this host"},
		{"[::]:7946", "", "192.168.7.7:7946 the first private address of this host"},
		{"0.0.0.0:7946", "10.9.9.9", "10.9.9.9:7946 cluster.advertise"},
		{"0.0.0.0:7946", "10.9.9.9:17946", "10.9.9.9:17946 cluster.advertise"},
		{"0.0.0.0:7946", "10.9.9.9:0", "10.9.9.9:7946 cluster.advertise"},
		{"0.0.0.0:7946", "gw.example:17946", "10.0.0.5:17946 cluster.advertise gw.example"},
		{"[::]:7946", "gw.example", "[2001:db8::5]:7946 cluster.advertise gw.example"},
		{"[::]:7946", "2001:db8::77", "[2001:db8::77]:7946 cluster.advertise"},
		{"[::]:7946", "[2001:db8::77]:1", "[2001:db8::77]:1 cluster.advertise"},
		{"0.0.0.0:7946", "mapped", "10.0.0.6:7946 cluster.advertise mapped"},
		{"0.0.0.0:7946", ":17946", "error"},
		{"0.0.0.0:7946", "gw.example:port", "error"},
		{"0.0.0.0:7946", "nowhere:1", "error"},
		{"0.0.0.0:7946", "empty", "error"},
		{"0.0.0.0:7946", "odd", "error"},
	} {
		got, err := advertiseAddress(t.Context(), testResolver, c.advertise, netip.MustParseAddrPort(c.bound), func() ([]netip.Addr, error) { return host, nil })
		line := got.addr.String() + " " + got.why
		if err != nil {
			line = "error"
		}
		if line != c.want {
			t.Errorf("bound to %s, advertise %q: %s (%v), want %s", c.bound, c.advertise, line, err, c.want)
		}
	}
}

func TestPickAddress(t *testing.T) {
	for _, c := range []struct {
		bound string
		host  []netip.Addr
		want  string
	}{
		{"0.0.0.0", addrs("203.0.113.9", "203.0.113.10"), "203.0.113.9"},
		{"0.0.0.0", addrs("2001:db8::9"), ""},
		{"::", addrs("2001:db8::9", "fd00::7"), "fd00::7"},
		{"::", addrs("fd00::7", "10.0.0.1"), "10.0.0.1"},
		{"0.0.0.0", addrs("169.254.1.1", "127.0.0.1"), ""},
		{"0.0.0.0", nil, ""},
	} {
		got, _, ok := pickAddress(c.host, netip.MustParseAddr(c.bound))
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("bound to %s, host %v: %v %v, want %q", c.bound, c.host, got, ok, c.want)
		}
	}
}

func TestUnroutableIsRefused(t *testing.T) {
	for _, c := range []struct{ addr, join, want string }{
		{"10.0.0.1:7946", "gw-2:7946", ""},
		{"203.0.113.9:7946", "", ""},
		{"0.0.0.0:7946", "", "it means every address"},
		{"[::]:7946", "", "it means every address"},
		{"224.0.0.1:7946", "", "not the address of one host"},
		{"255.255.255.255:7946", "", "not the address of one host"},
		{"[ff02::1]:7946", "", "not the address of one host"},
		{"169.254.1.1:7946", "", "valid on one link only"},
		{"[fe80::1]:7946", "", "valid on one link only"},
		{"10.0.0.1:0", "", "without a port"},
		{"127.0.0.1:7946", "", ""},
		{"127.0.0.1:7946", "127.0.0.1:7947", ""},
		{"127.0.0.1:7946", "localhost:7947", ""},
		{"127.0.0.1:7946", "gw.example:7946", "other hosts (join has gw.example) cannot reach it"},
		{"127.0.0.1:7946", "unknown:7946", "other hosts (join has unknown) cannot reach it"},
		{"[::1]:7946", "10.0.0.2:7946", "other hosts (join has 10.0.0.2) cannot reach it"},
	} {
		var join []joinEntry
		if c.join != "" {
			var err error
			if join, err = parseJoin([]string{c.join}); err != nil {
				t.Fatal(err)
			}
		}
		err := checkRoutable(t.Context(), testResolver, netip.MustParseAddrPort(c.addr), join)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s with join %q: %v", c.addr, c.join, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "set cluster.advertise")):
			t.Errorf("%s with join %q: %v, want %q and what to do", c.addr, c.join, err, c.want)
		}
	}
}

func TestParseJoin(t *testing.T) {
	got, err := parseJoin([]string{"gw-1:7946", "dns+llmgw-gossip:7946", "[2001:db8::1]:7946"})
	if err != nil || len(got) != 3 || got[1] != (joinEntry{"llmgw-gossip", 7946}) || got[2].host != "2001:db8::1" {
		t.Errorf("%+v %v", got, err)
	}
	for _, s := range []string{"gw-1", "", ":7946", "gw-1:0", "gw-1:http", "dns+", "gw-1:70000"} {
		if _, err := parseJoin([]string{s}); err == nil || !strings.Contains(err.Error(), "write host:port") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestBindAddress(t *testing.T) {
	for in, want := range map[string]string{
		"0.0.0.0:7946": "0.0.0.0:7946", ":7946": "0.0.0.0:7946", "[::]:1": "[::]:1", "localhost:0": "127.0.0.1:0",
		"7946": "error", "nowhere:1": "error", "10.0.0.1": "error",
	} {
		got, err := bindAddress(t.Context(), testResolver, in)
		if s := got.String(); err != nil && want != "error" || err == nil && s != want {
			t.Errorf("%q: %s %v, want %s", in, s, err, want)
		}
	}
}

func TestHostAddressesHaveNoLoopback(t *testing.T) {
	list, err := hostAddresses()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.IsLoopback() {
			t.Errorf("%s is listed", a)
		}
	}
}
