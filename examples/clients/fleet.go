package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	clientKey   = "sk-clients-of-llmgw" // what clients send
	providerKey = "sk-of-the-provider"  // what the gateway sends
)

// dialects are the providers, and the model that clients ask for.
var dialects = []struct{ name, version, model string }{
	{"openai", "/v1", "gpt-5.4"},
	{"anthropic", "/v1", "claude-sonnet-5"},
	{"gemini", "/v1beta", "gemini-3-pro"},
}

// notes are the inputs with which the stand-ins call agents' tools: each reads
// the file that the runner put into the agent's folder.
var notes = []string{
	`Bash={"command":"cat note.txt","description":"Read the note"}`,         // Claude Code
	`exec_command={"cmd":"cat note.txt"}`,                                   // Codex
	`exec=text(await tools.exec_command({cmd: "cat note.txt"}))`,            // Codex, with a model that it knows
	`functions__exec=text(await tools.exec_command({cmd: "cat note.txt"}))`, // ... in a namespace, flattened
	`read_file={"file_path":"note.txt"}`,                                    // Gemini CLI
	`bash={"command":"cat note.txt","description":"Read the note"}`,         // opencode
}

// process is a program of the fleet.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// fleet is three nodes, a proxy in front and stand-ins for each provider.
type fleet struct {
	program, cluster, temp string // cluster: where the example of a proxy's configuration is
	instances              []string
	secret                 string
	processes              map[string]*process
	mocks                  map[string]string // dialect/instance -> URL
	nodes, admins          []string          // addresses, and URLs
	front, proxy           string
	own                    *front // where no proxy is installed
}

func newFleet(ctx context.Context, in *installer, temp string, instances ...string) (*fleet, error) {
	f := &fleet{program: in.program, cluster: filepath.Join(in.source, "..", "cluster"), temp: temp, instances: instances, processes: map[string]*process{}, mocks: map[string]string{}}
	if err := f.start(ctx); err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

func (f *fleet) start(ctx context.Context) error {
	secret, err := exec.CommandContext(ctx, f.program, "keygen").Output()
	if err != nil {
		return fmt.Errorf("%s keygen: %w", f.program, err)
	}
	f.secret = strings.TrimSpace(string(secret))
	ports, err := freePorts(len(dialects)*len(f.instances) + 4*3 + 1)
	if err != nil {
		return err
	}
	next := func() string { p := ports[0]; ports = ports[1:]; return p }
	for _, d := range dialects {
		for _, instance := range f.instances {
			if err := f.startMock(d.name, instance, next()); err != nil {
				return err
			}
		}
	}
	for i := range 3 {
		if err := os.WriteFile(f.file(i), []byte(f.config(i, ports)), 0o600); err != nil {
			return err
		}
		f.nodes, f.admins = append(f.nodes, ports[4*i]), append(f.admins, "http://"+ports[4*i+1])
		if err := f.startNode(i); err != nil {
			return err
		}
	}
	if err := f.startFront(ports[12]); err != nil {
		return err
	}
	return f.ready(ctx)
}

func (f *fleet) startMock(dialect, instance, address string) error {
	args := []string{"mock", "--dialect", dialect, "--name", instance, "--listen", address}
	if len(f.instances) == 1 {
		args = append(args, "--api-key-env", "MOCK_KEY") // clients go straight to one of several, with their own key
	}
	for _, n := range notes {
		args = append(args, "--tool", n)
	}
	f.mocks[dialect+"/"+instance] = "http://" + address
	return f.spawn("mock-"+dialect+"-"+instance, []string{"MOCK_KEY=" + providerKey}, f.program, args...)
}

func (f *fleet) file(i int) string { return filepath.Join(f.temp, nodeName(i)+".hcl") }

func nodeName(i int) string { return fmt.Sprintf("gw-%d", i+1) }

func (f *fleet) startNode(i int) error {
	return f.spawn(nodeName(i), []string{"LLMGW_CLUSTER_SECRET=" + f.secret}, f.program, "start", "--config", f.file(i))
}

// ready waits until the nodes know each other, and the front answers.
func (f *fleet) ready(ctx context.Context) error {
	for _, admin := range f.admins {
		if err := until(ctx, 60*time.Second, "three nodes know each other", func() bool {
			b, err := get(ctx, admin+"/api/members")
			return err == nil && bytes.Count(b, []byte(`"alive"`)) == 3
		}); err != nil {
			log, _ := os.ReadFile(filepath.Join(f.temp, nodeName(0)+".log"))
			return fmt.Errorf("%w; %s says: %s", err, nodeName(0), last(string(log)))
		}
	}
	return until(ctx, 30*time.Second, f.proxy+" answers", func() bool {
		_, err := get(ctx, f.front+"/ready")
		return err == nil
	})
}

// config is a node's. Its ports are the four from 4*i on.
func (f *fleet) config(i int, ports []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `node_name = %q
server {
  listen        = %q
  drain_timeout = "10s"
}
admin { listen = %q }
cluster {
  bind        = %q
  peer_listen = %q
  join        = [%q, %q, %q]
  secret      = env("LLMGW_CLUSTER_SECRET")
}
api_key "clients" { key = %q }
route "gpt-*" { provider = "openai" }
route "gemini-*" { provider = "gemini" }
route "claude-*" { provider = "anthropic" }
route "claude-fast" {
  provider     = "openai"
  model        = "gpt-5.4-mini"
  display_name = "Fast"
}
`, nodeName(i), ports[4*i], ports[4*i+1], ports[4*i+2], ports[4*i+3], ports[2], ports[6], ports[10], clientKey)
	for _, d := range dialects {
		fmt.Fprintf(&b, `route %q { provider = %q }
provider %q {
  sticky_by   = ["conversation", "api_key"]
  session_ttl = "1s" # runs are not to inherit each other's instance
  health { recovery_after = "1s" }
`, d.model, d.name, d.name)
		for priority, instance := range f.instances {
			fmt.Fprintf(&b, "  instance %q {\n    base_url = %q\n    api_key  = %q\n    priority = %d\n  }\n", instance, f.mocks[d.name+"/"+instance]+d.version, providerKey, priority+1)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// startFront runs Debian's proxy where there is one, with the configuration of
// the example.
func (f *fleet) startFront(address string) error {
	f.front, f.proxy = "http://"+address, "nginx"
	if _, err := exec.LookPath("nginx"); err != nil {
		f.proxy = "a round robin of this program's own (nginx is not installed)"
		f.own, err = newFront(address, f.nodes)
		return err
	}
	b, err := os.ReadFile(filepath.Join(f.cluster, "nginx.conf"))
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(b), "127.0.0.1:8000", address)
	for i, n := range f.nodes {
		text = strings.ReplaceAll(text, fmt.Sprintf("127.0.0.1:808%d", i+1), n)
	}
	file := filepath.Join(f.temp, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return f.spawn("nginx", nil, "nginx", "-p", f.temp, "-c", file, "-g", "daemon off;")
}

// spawn starts a program of the fleet; it logs into a file.
func (f *fleet) spawn(name string, env []string, program string, args ...string) error {
	log, err := os.OpenFile(filepath.Join(f.temp, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	f.processes[name] = p
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the fleet is asked whether it works
	}()
	return nil
}

// stop ends the processes, and waits for them.
func (f *fleet) stop() {
	if f.own != nil {
		f.own.stop()
	}
	for _, p := range f.processes {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that has ended is no matter
	}
	for _, p := range f.processes {
		select {
		case <-p.ended:
		case <-time.After(20 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	}
}

// seen is one request as a stand-in saw it.
type seen struct {
	Method, Path string
	Header       http.Header
	Body         []byte
	Time         time.Time
}

// seen is what a provider's instances saw, in order.
func (f *fleet) seen(ctx context.Context, dialect string) ([]seen, error) {
	var all []seen
	for _, instance := range f.instances {
		var v struct{ Requests []seen }
		if err := getJSON(ctx, f.mocks[dialect+"/"+instance]+"/mock/requests", &v); err != nil {
			return nil, err
		}
		all = append(all, v.Requests...)
	}
	slices.SortFunc(all, func(a, b seen) int { return a.Time.Compare(b.Time) })
	return all, nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("%s: HTTP %d", url, resp.StatusCode)
	}
	return b, err
}

func getJSON(ctx context.Context, url string, v any) error {
	b, err := get(ctx, url)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// until polls until ok.
func until(ctx context.Context, most time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %s in vain until %s", most, what)
		}
	}
	return nil
}

// freePorts finds addresses on loopback. All are held until all are found.
func freePorts(n int) ([]string, error) {
	list := make([]string, n)
	for i := range list {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		list[i] = l.Addr().String()
	}
	return list, nil
}
