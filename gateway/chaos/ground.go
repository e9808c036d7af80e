package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// nodesMost is how many nodes the namespaces are made for: a fleet of three and
// a stranger.
const nodesMost = 4

const (
	netOf      = "10.77.0."
	hubAddress = netOf + "254"
)

// ground is where nodes run. Without a prefix they share loopback.
type ground struct {
	prefix string // of the namespaces' names: PREFIX-hub, in which this process is, and PREFIX-1 to -4
}

// raise makes the namespaces: a bridge in the hub, and one cable to each node.
// The network of the machine itself is not touched.
func raise(nodes int) (prefix string, err error) {
	for _, tool := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is missing (packages iproute2, iptables)", tool)
		}
	}
	prefix = "llmgw" + strconv.Itoa(os.Getpid())
	var b strings.Builder
	b.WriteString("set -e\n")
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, strings.ReplaceAll(format, "P-", prefix+"-")+"\n", args...)
	}
	line("ip netns add P-hub")
	line("ip -n P-hub link set lo up")
	line("ip -n P-hub link add br0 type bridge")
	line("ip -n P-hub addr add %s/24 dev br0", hubAddress)
	line("ip -n P-hub link set br0 up")
	for i := 1; i <= nodes; i++ {
		line("ip netns add P-%d", i)
		line("ip -n P-%d link set lo up", i)
		line("ip -n P-hub link add v%d type veth peer name eth0 netns P-%d", i, i)
		line("ip -n P-hub link set v%d master br0 up", i)
		line("ip -n P-%d addr add %s%d/24 dev eth0", i, netOf, i)
		line("ip -n P-%d link set eth0 up", i)
	}
	line("ip netns exec P-1 iptables -A INPUT -s %s9 -m statistic --mode random --probability 0.3 -j DROP", netOf)
	if out, err := exec.Command("sh", "-c", b.String()).CombinedOutput(); err != nil {
		raze(prefix, nodes)
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return prefix, nil
}

// raze takes the namespaces away; those that were not made are passed over.
func raze(prefix string, nodes int) {
	names := []string{prefix + "-hub"}
	for i := 1; i <= nodes; i++ {
		names = append(names, prefix+"-"+strconv.Itoa(i))
	}
	for _, name := range names {
		_ = exec.Command("ip", "netns", "del", name).Run()
	}
}

// enter runs this program anew inside the hub.
func enter(ctx context.Context, prefix string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{"netns", "exec", prefix + "-hub", self, "-inside", prefix}, os.Args[1:]...)
	cmd := exec.CommandContext(ctx, "ip", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var status *exec.ExitError
	if err := cmd.Run(); errors.As(err, &status) {
		return errTold
	} else if err != nil {
		return err
	}
	return nil
}

// site is where one node listens.
type site struct {
	n                           int
	public, admin, gossip, peer string
}

func (g *ground) site(n int) (site, error) {
	if g.prefix != "" {
		ip := netOf + strconv.Itoa(n)
		return site{n, ip + ":8080", ip + ":9090", ip + ":7946", ip + ":7947"}, nil
	}
	var at [4]string
	for i := range at {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return site{}, err
		}
		defer l.Close() // held until all are found
		at[i] = l.Addr().String()
	}
	return site{n, at[0], at[1], at[2], at[3]}, nil
}

// host is where this process and its providers listen.
func (g *ground) host() string {
	if g.prefix != "" {
		return hubAddress
	}
	return "127.0.0.1"
}

// command makes a process of a node's place. Its process id is the program's.
func (g *ground) command(n int, program string, args ...string) *exec.Cmd {
	if g.prefix == "" {
		return exec.Command(program, args...)
	}
	return exec.Command("ip", append([]string{"netns", "exec", g.prefix + "-" + strconv.Itoa(n), program}, args...)...)
}

// tables changes a node's packet filter.
func (g *ground) tables(n int, args ...string) error {
	out, err := g.command(n, "iptables", append([]string{"-w"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// deaf makes a node hear nothing of another one.
func (g *ground) deaf(n, to int) error {
	return g.tables(n, "-A", "INPUT", "-s", netOf+strconv.Itoa(to), "-j", "DROP")
}

// part cuts both ways between one node and the others.
func (g *ground) part(n int, others ...int) error {
	for _, x := range others {
		if err := errors.Join(g.deaf(n, x), g.deaf(x, n)); err != nil {
			return err
		}
	}
	return nil
}

// lossy makes a node lose so much of what other nodes send.
func (g *ground) lossy(n int, part float64) error {
	for x := 1; x <= nodesMost; x++ {
		if x == n {
			continue
		}
		if err := g.tables(n, "-A", "INPUT", "-s", netOf+strconv.Itoa(x), "-m", "statistic", "--mode", "random", "--probability", fmt.Sprint(part), "-j", "DROP"); err != nil {
			return err
		}
	}
	return nil
}

// mend takes all of that back.
func (g *ground) mend() error {
	var errs []error
	for n := 1; n <= nodesMost && g.prefix != ""; n++ {
		errs = append(errs, g.tables(n, "-F"), g.tables(n, "-t", "nat", "-F"))
	}
	return errors.Join(errs...)
}
