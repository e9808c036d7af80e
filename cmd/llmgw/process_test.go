package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/mock"
)

// built holds the program, made once a test run by whoever needs it first.
var built struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // in the temporary folder
	}
	os.Exit(status)
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "llmgw-test-"); built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(built.dir, "llmgw"), ".") // as it is released
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return exec.Command(filepath.Join(built.dir, "llmgw"), args...)
}

// llmgw runs a command to its end.
func llmgw(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// process is one running node.
type process struct {
	t      *testing.T
	name   string
	config string // its file
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has ended

	Listen, Admin, Gossip string

	mu  sync.Mutex
	log strings.Builder
}

// processes are a fleet of them, with stand-in providers in this process.
type processes struct {
	t     *testing.T
	dir   string
	mocks map[string]*mock.Provider
	urls  map[string]string
	nodes []*process
	drain string
}

const processKey = "sk-process-test"

func newProcesses(t *testing.T) *processes {
	f := &processes{t: t, dir: t.TempDir(), mocks: map[string]*mock.Provider{}, urls: map[string]string{}, drain: "5s"}
	for _, dialect := range []string{"openai", "anthropic", "gemini"} {
		m := mock.New(mock.Options{Dialect: dialect, Name: "only"})
		s := httptest.NewServer(m)
		t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
		f.mocks[dialect], f.urls[dialect] = m, s.URL
	}
	return f
}

func (f *processes) source(name string) string {
	var b strings.Builder
	var join []string
	for _, n := range f.nodes {
		join = append(join, fmt.Sprintf("%q", n.Gossip))
	}
	fmt.Fprintf(&b, `
node_name = %q
server {
  listen = "127.0.0.1:0"
  drain_timeout = %q
}
admin { listen = "127.0.0.1:0" }
cluster {
  bind = "127.0.0.1:0"
  peer_listen = "127.0.0.1:0"
  join = [%s]
  secret = "%s"
}
`, name, f.drain, strings.Join(join, ", "), strings.Repeat("A", 43)+"=")
	for i := range 8 {
		fmt.Fprintf(&b, "api_key \"key-%d\" { key = \"%s-%d\" }\n", i, processKey, i)
	}
	for dialect, version := range map[string]string{"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"} {
		fmt.Fprintf(&b, "provider %q {\n  instance \"only\" {\n    base_url = %q\n    api_key = \"x\"\n  }\n}\n", dialect, f.urls[dialect]+version)
	}
	b.WriteString("route \"gpt-*\" { provider = \"openai\" }\nroute \"claude-*\" { provider = \"anthropic\" }\nroute \"gemini-*\" { provider = \"gemini\" }\n")
	return b.String()
}

// start runs a node that joins the others, and waits until it is ready.
func (f *processes) start(args ...string) *process {
	f.t.Helper()
	p := &process{t: f.t, name: fmt.Sprintf("gw-%d", len(f.nodes)+1), ended: make(chan struct{})}
	p.config = filepath.Join(f.dir, p.name+".hcl")
	f.write(p.config, f.source(p.name))
	p.cmd = command(f.t, append([]string{"start", "--config", p.config}, args...)...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ready := make(chan struct{})
	go p.read(stderr, ready)
	f.t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already in most tests
		<-p.ended
		if f.t.Failed() {
			f.t.Logf("log of %s:\n%s", p.name, p.logged())
		}
	})
	select {
	case <-ready:
	case <-p.ended:
		f.t.Fatalf("%s ended: %s", p.name, p.logged())
	case <-time.After(30 * time.Second):
		f.t.Fatalf("%s is not ready: %s", p.name, p.logged())
	}
	f.nodes = append(f.nodes, p)
	return p
}

func (f *processes) write(file, text string) {
	f.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// read keeps the log, and finds the addresses in it.
func (p *process) read(stderr io.Reader, ready chan struct{}) {
	defer close(p.ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var v struct{ Msg, Listen, Admin, Gossip string }
		if json.Unmarshal(lines.Bytes(), &v) == nil && v.Msg == "ready" {
			p.Listen, p.Admin, p.Gossip = v.Listen, "http://"+v.Admin, v.Gossip
			close(ready)
		}
	}
	_ = p.cmd.Wait() // its state is read where it matters
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end, and returns the exit status.
func (p *process) exit(most time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(most):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go into the log
		<-p.ended
		p.t.Fatalf("%s still ran after %s", p.name, most)
		return -1
	}
}

func (p *process) get(path string) string {
	resp, err := http.Get(p.Admin + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// ring is how many nodes are in this node's ring.
func (p *process) ring() int { return strings.Count(p.get("/api/ring"), `"share"`) }

var processBodies = map[string]struct{ path, body string }{
	"openai":    {"/v1/chat/completions", `{"model":"gpt-5","stream":STREAM,"messages":[{"role":"user","content":"hi"}]}`},
	"anthropic": {"/v1/messages", `{"model":"claude-sonnet-4-5","stream":STREAM,"max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`},
	"gemini":    {"/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
}

// ask builds a request of a dialect; key is 0 to 7.
func (p *process) ask(dialect string, key int, stream bool) *http.Request {
	b := processBodies[dialect]
	r, err := http.NewRequest("POST", "http://"+p.Listen+b.path, strings.NewReader(strings.Replace(b.body, "STREAM", fmt.Sprint(stream), 1)))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprintf("Bearer %s-%d", processKey, key))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	return r
}

// await polls until ok.
func await(t *testing.T, most time.Duration, what string, ok func() bool) {
	t.Helper()
	end := time.After(most)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("not within %s: %s", most, what)
		case <-tick.C:
		}
	}
}
