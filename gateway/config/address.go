package config

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// listener is an address that the node will listen on.
type listener struct {
	name string // server.listen
	host string
	port uint16
	at   hcl.Range
}

// listen reads an address to listen on and keeps it for the check of all.
func (b *body) listen(name, fallback string) string {
	s := b.text(name, fallback)
	if !b.sound(name) {
		return fallback
	}
	host, port, why := splitAddress(s)
	if why != "" {
		b.fail(name, "Invalid address", "%s is %q: %s. Write host:port, such as %q.", name, clip(s), why, fallback)
		return fallback
	}
	b.d.listeners = append(b.d.listeners, listener{b.name + "." + name, host, port, b.at(name)})
	return s
}

// splitAddress splits host:port; why says what is wrong with it. The host may
// be empty.
func splitAddress(s string) (host string, port uint16, why string) {
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		if strings.Count(s, ":") > 1 && !strings.Contains(s, "[") {
			return "", 0, "an IPv6 address goes into brackets"
		}
		if !strings.Contains(s, ":") {
			return "", 0, "the port is missing"
		}
		return "", 0, "it is not an address"
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, "the port is a number up to 65535"
	}
	if !validHost(host) {
		return "", 0, "the host is neither an address nor a name"
	}
	return host, uint16(n), ""
}

func validHost(host string) bool {
	if host == "" {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return len(host) <= 253 && hostName.MatchString(host) && !allDigits.MatchString(host)
}

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)
	allDigits = regexp.MustCompile(`^[0-9.]+$`) // an address with a slip, not a name
)

// wildcard reports whether a listener's host stands for every address.
func wildcard(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.IsUnspecified()
}

// loopback reports whether only this machine can reach a listener.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// private reports whether a host is on this machine or a private network, as
// far as its name tells.
func private(host string) bool {
	a, err := netip.ParseAddr(host)
	if err == nil {
		a = a.Unmap()
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !strings.Contains(host, ".") {
		return true // localhost, a container's or service's name
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc", ".test", ".intranet"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// sharedSpace is RFC 6598: carriers' and overlay networks.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
