package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resolver looks up the addresses of a host.
type resolver func(ctx context.Context, host string) ([]string, error)

const lookupTimeout = 2 * time.Second

// lookup returns the addresses of a host, which may be an address itself.
func (r resolver) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := r(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	var addrs []netip.Addr
	for _, s := range found {
		if a, err := netip.ParseAddr(s); err == nil {
			addrs = append(addrs, a.Unmap())
		}
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("look up %s: no address", host)
	}
	return addrs, nil
}

// splitPort splits host:port strictly; the host may be empty.
func splitPort(s string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port", s)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%q has no port between 0 and 65535", s)
	}
	return host, uint16(n), nil
}

// bindAddress turns Options.Bind into an address; no host means all of IPv4.
func bindAddress(ctx context.Context, r resolver, bind string) (netip.AddrPort, error) {
	host, port, err := splitPort(bind)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("cluster: bind: %w", err)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	addrs, err := r.lookup(ctx, host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("cluster: bind: %w", err)
	}
	return netip.AddrPortFrom(addrs[0], port), nil
}

// joinEntry is one entry of Options.Join.
type joinEntry struct {
	host string
	port uint16
}

// parseJoin reads "host:port" and "dns+host:port", which mean the same: every
// address of a name is used either way.
func parseJoin(entries []string) ([]joinEntry, error) {
	var list []joinEntry
	for _, s := range entries {
		host, port, err := splitPort(strings.TrimPrefix(s, "dns+"))
		if err != nil || host == "" || port == 0 {
			return nil, fmt.Errorf("cluster: join: %q is not the gossip address of a node: write host:port, for example %q", s, strings.TrimSuffix(strings.TrimPrefix(s, "dns+"), ":")+":7946")
		}
		list = append(list, joinEntry{host, port})
	}
	return list, nil
}

// advertised is the address that others are told, and why that one.
type advertised struct {
	addr netip.AddrPort
	why  string
}

// advertiseAddress decides what to tell others: what is configured, else the
// bound address, else one of the host's.
func advertiseAddress(ctx context.Context, r resolver, o string, bound netip.AddrPort, hosts func() ([]netip.Addr, error)) (advertised, error) {
	if o != "" {
		return configuredAddress(ctx, r, o, bound)
	}
	if !bound.Addr().IsUnspecified() {
		return advertised{bound, "the address bound"}, nil
	}
	addrs, err := hosts()
	if err != nil {
		return advertised{}, fmt.Errorf("cluster: list the host's addresses: %w: set cluster.advertise", err)
	}
	addr, why, ok := pickAddress(addrs, bound.Addr())
	if !ok {
		return advertised{}, fmt.Errorf("cluster: bound to %s, and this host has no address that other nodes could reach: set cluster.advertise to host:port as others see it", bound)
	}
	return advertised{netip.AddrPortFrom(addr, bound.Port()), why}, nil
}

func configuredAddress(ctx context.Context, r resolver, o string, bound netip.AddrPort) (advertised, error) {
	host, port := o, uint16(0)
	if _, err := netip.ParseAddr(o); err != nil && strings.Contains(o, ":") {
		if host, port, err = splitPort(o); err != nil {
			return advertised{}, fmt.Errorf("cluster: advertise: %w", err)
		}
	}
	if host == "" {
		return advertised{}, fmt.Errorf("cluster: advertise: %q names no host: write the address that other nodes reach this one at, host:port", o)
	}
	addrs, err := r.lookup(ctx, host)
	if err != nil {
		return advertised{}, fmt.Errorf("cluster: advertise: %w", err)
	}
	addr := addrs[0]
	if i := slices.IndexFunc(addrs, netip.Addr.Is4); i >= 0 && bound.Addr().Is4() {
		addr = addrs[i]
	}
	if port == 0 {
		port = bound.Port()
	}
	why := "cluster.advertise"
	if addr.String() != host {
		why += " " + host
	}
	return advertised{netip.AddrPortFrom(addr, port), why}, nil
}

// pickAddress takes the first private address, else the first global one, as
// go-sockaddr does for memberlist. Only a socket bound to "::" takes IPv6.
func pickAddress(addrs []netip.Addr, bound netip.Addr) (netip.Addr, string, bool) {
	usable := slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool {
		return !a.IsGlobalUnicast() || bound.Is4() && !a.Is4()
	})
	// Of several families IPv4 comes first, as everywhere else.
	slices.SortStableFunc(usable, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	if i := slices.IndexFunc(usable, netip.Addr.IsPrivate); i >= 0 {
		return usable[i], "the first private address of this host", true
	}
	if len(usable) > 0 {
		return usable[0], "the first public address of this host", true
	}
	return netip.Addr{}, "", false
}

// hostAddresses lists the addresses of the interfaces that are up, in the order
// of the interfaces.
func hostAddresses() ([]netip.Addr, error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []netip.Addr
	for _, i := range ifaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				list = append(list, p.Addr().Unmap())
			}
		}
	}
	return list, nil
}

// checkRoutable refuses an address at which no other node can reach this one.
func checkRoutable(ctx context.Context, r resolver, a netip.AddrPort, join []joinEntry) error {
	const hint = "set cluster.advertise to the host:port that other nodes reach this one at"
	addr := a.Addr()
	switch {
	case !addr.IsValid():
		return errors.New("cluster: no address to advertise: " + hint)
	case addr.IsUnspecified():
		return fmt.Errorf("cluster: %s cannot be advertised, it means every address: %s", a, hint)
	case addr.IsMulticast(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("cluster: %s cannot be advertised, it is not the address of one host: %s", a, hint)
	case addr.IsLinkLocalUnicast():
		return fmt.Errorf("cluster: %s cannot be advertised, it is valid on one link only: %s", a, hint)
	case a.Port() == 0:
		return fmt.Errorf("cluster: %s cannot be advertised without a port: %s", a, hint)
	case !addr.IsLoopback():
		return nil
	}
	for _, e := range join {
		if addrs, err := r.lookup(ctx, e.host); err != nil || !slices.ContainsFunc(addrs, netip.Addr.IsLoopback) {
			return fmt.Errorf("cluster: %s cannot be advertised, other hosts (join has %s) cannot reach it: %s", a, e.host, hint)
		}
	}
	return nil
}
