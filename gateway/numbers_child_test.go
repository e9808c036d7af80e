package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sys/unix"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/heapfloor"
	"github.com/llmgw/llmgw/gateway/upstream"
)

// What is measured runs in a process of its own, so that its processor time and
// memory are its own: the test's binary again, in a role.
const (
	roleVariable     = "LLMGW_BENCH_ROLE"
	providerVariable = "LLMGW_BENCH_PROVIDER"
	profileVariable  = "LLMGW_BENCH_PROFILE" // a folder: each process leaves its profile there
)

// process is a measured process, as its parent sees it.
type process struct {
	t     testing.TB
	in    io.Writer
	out   *bufio.Reader
	addrs []string // of its public listeners
}

// spawn starts a role and waits until it serves.
func spawn(t testing.TB, role, provider string) *process {
	t.Helper()
	args := []string{"-test.run=^TestNumbersProcess$", "-test.timeout=10m"}
	if dir := os.Getenv(profileVariable); dir != "" {
		args = append(args, "-test.cpuprofile="+filepath.Join(dir, role+".pprof"))
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, providerVariable+"="+provider)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		_, _ = io.Copy(io.Discard, p.out)
		_ = cmd.Wait()
	})
	p.addrs = strings.Fields(p.line())
	if len(p.addrs) == 0 {
		t.Fatalf("%s does not start", role)
	}
	return p
}

func (p *process) line() string {
	p.t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the measured process ended: %v %s", err, s)
	}
	return s
}

// usage asks for the processor time used so far and the memory held.
func (p *process) usage() (cpu time.Duration, resident int64) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, "usage\n"); err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Sscan(p.line(), (*int64)(&cpu), &resident); err != nil {
		p.t.Fatal(err)
	}
	return cpu, resident
}

// TestNumbersProcess is the measured process.
func TestNumbersProcess(t *testing.T) {
	provider := os.Getenv(providerVariable)
	if role := os.Getenv(roleVariable); role != "" && role != "yardstick" {
		defer heapfloor.Keep(24 << 20)() // as llmgw start
	}
	switch os.Getenv(roleVariable) {
	case "yardstick", "roomy yardstick":
		fmt.Println(yardstick(t, provider))
	case "node":
		fmt.Println(benchNode(t, provider, "gw-1", "").Addr())
	case "pair":
		fmt.Println(strings.Join(benchPair(t, provider), " "))
	default:
		t.Skip("only as a process of make bench")
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(int64(processorTime(t)), residentBytes(t))
	}
}

func processorTime(t testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func residentBytes(t testing.TB) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// yardstick is the least that a gateway on the same server and the same
// transport can do: copy the request, copy the answer.
func yardstick(t testing.TB, provider string) string {
	c := benchConfig(t, provider, "yardstick", "")
	shape := gateway.ServerConfig(c.Server)
	shape.WriteBufferSize = 4<<10 + 512 // one piece of fasthttp's 4 KiB with its frame: what copying is cheapest with
	app := fiber.New(shape)
	transport := upstream.NewTransport(upstream.Options{})
	base := url.URL{Scheme: "http", Host: provider}
	app.Use(func(c *fiber.Ctx) error { return copyThrough(c, transport, base) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(l) }()
	return l.Addr().String()
}

func copyThrough(c *fiber.Ctx, transport *http.Transport, base url.URL) error {
	base.Path = string(c.Request().URI().Path())
	header := make(http.Header, 16)
	for k, v := range c.Request().Header.All() {
		if name := string(k); name != "Host" && name != "Content-Length" {
			header[name] = []string{string(v)}
		}
	}
	body := bytes.Clone(c.BodyRaw())
	resp, err := transport.RoundTrip(&http.Request{
		Method: http.MethodPost, URL: &base, Host: base.Host, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	})
	if err != nil {
		return err
	}
	c.Status(resp.StatusCode)
	for name, values := range resp.Header {
		c.Response().Header.Set(name, values[0])
	}
	if resp.ContentLength < 0 {
		c.Context().SetBodyStream(resp.Body, -1)
		return nil
	}
	defer resp.Body.Close()
	answer := make([]byte, resp.ContentLength)
	if _, err := io.ReadFull(resp.Body, answer); err != nil {
		return err
	}
	c.Response().SetBodyRaw(answer)
	return nil
}

const benchKeys = 16

// benchKey names a key, whose text is the same behind "sk-".
func benchKey(i int) string { return fmt.Sprintf("bench-%d", i) }

// benchNode starts a real node.
func benchNode(t testing.TB, provider, name, cluster string) *gateway.Node {
	n, err := gateway.New(gateway.Options{Config: benchConfig(t, provider, name, cluster), Version: "bench"})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Kill)
	return n
}

func benchConfig(t testing.TB, provider, name, cluster string) *config.Config {
	var keys strings.Builder
	for i := range benchKeys {
		fmt.Fprintf(&keys, "api_key %q {\n  key = %q\n}\n", benchKey(i), "sk-"+benchKey(i))
	}
	src := fmt.Sprintf(`
node_name = %q
server { listen = "127.0.0.1:0" }
admin { listen = "127.0.0.1:0" }
%s
%s
provider "openai" {
  instance "one" {
    base_url = "http://%s/v1"
    api_key = "provider-one"
  }
  instance "two" {
    base_url = "http://%s/v1"
    api_key = "provider-two"
  }
}
provider "anthropic" {
  sticky_by = ["conversation", "api_key"]
  instance "one" {
    base_url = "http://%s/v1"
    api_key = "provider-one"
  }
}
route "gpt-*" { provider = "openai" }
route "claude-*" { provider = "anthropic" }
`, name, cluster, keys.String(), provider, provider, provider)
	c, err := config.Parse(map[string][]byte{"bench.hcl": []byte(src)}, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
