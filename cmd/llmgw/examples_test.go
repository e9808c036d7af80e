package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var fixedPort = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// example is a copy of a folder of examples, on ports that are free here.
type example struct {
	t     *testing.T
	dir   string
	ports map[string]string // as the example has them -> as they are here
}

func newExample(t *testing.T, name string) *example {
	e := &example{t: t, dir: t.TempDir(), ports: map[string]string{}}
	source := filepath.Join("..", "..", "examples", name)
	files, err := os.ReadDir(source)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(source, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name()] = strings.ReplaceAll(string(b), "909$n", "${admin[$n]}")
		for _, m := range fixedPort.FindAllStringSubmatch(string(b), -1) {
			e.ports[m[1]] = ""
		}
	}
	e.choose()
	for name, text := range texts {
		text = fixedPort.ReplaceAllStringFunc(text, func(s string) string { return "127.0.0.1:" + e.ports[strings.TrimPrefix(s, "127.0.0.1:")] })
		if name == "run.sh" {
			text = strings.Replace(text, "\npids=()\n", fmt.Sprintf("\npids=()\nadmin=(0 %s %s %s)\n", e.ports["9091"], e.ports["9092"], e.ports["9093"]), 1)
		}
		if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// choose finds a free port for each. All are held until all are found.
func (e *example) choose() {
	for port := range e.ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			e.t.Fatal(err)
		}
		defer l.Close()
		_, e.ports[port], _ = net.SplitHostPort(l.Addr().String()) // its own form
	}
}

// run starts the example's script, waits until it says that it is ready, and
// ends it with the test as Ctrl-C does.
func (e *example) run(env ...string) {
	e.t.Helper()
	program := command(e.t).Path
	cmd := exec.Command("bash", filepath.Join(e.dir, "run.sh"))
	cmd.Env = append(append(os.Environ(), "LLMGW="+program), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		e.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	var mu sync.Mutex
	var log strings.Builder
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for told := false; lines.Scan(); {
			mu.Lock()
			log.WriteString(lines.Text() + "\n")
			mu.Unlock()
			if strings.HasPrefix(lines.Text(), "ready") && !told {
				told = true
				close(ready)
			}
		}
		_ = cmd.Wait() // its state is read below
	}()
	e.t.Cleanup(func() {
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGTERM) // the script itself: it stops what it started
		select {
		case <-ended:
			if status := cmd.ProcessState.ExitCode(); status != 0 {
				e.t.Errorf("the script's exit status: %d", status)
			}
		case <-time.After(20 * time.Second):
			e.t.Error("the script leaves something running")
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group that this test made
			<-ended
		}
		if mu.Lock(); e.t.Failed() {
			e.t.Log(log.String())
		}
		mu.Unlock()
	})
	select {
	case <-ready:
	case <-ended:
		e.t.Fatal("the script ended")
	case <-time.After(90 * time.Second):
		e.t.Fatal("the script is not ready")
	}
}

// ask sends what the example's curl line sends, to the port of that number in
// the example.
func (e *example) ask(port, key string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(e.t.Context(), "POST", "http://127.0.0.1:"+e.ports[port]+"/v1/messages",
		strings.NewReader(`{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}`))
	if err != nil {
		e.t.Fatal(err)
	}
	r.Close = true // a proxy chooses anew for each connection
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Anthropic-Version", "2023-06-01")
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("HTTP %d: %s", resp.StatusCode, b)
	}
	return resp, err
}

func TestExampleSingle(t *testing.T) {
	e := newExample(t, "single")
	e.run()
	if _, err := e.ask("8080", "demo-key"); err != nil {
		t.Error(err)
	}
	if _, err := e.ask("8080", "wrong"); err == nil || !strings.Contains(err.Error(), "authentication_error") {
		t.Errorf("a wrong key: %v", err)
	}
}

// Each script of requests does what it says, with every provider.
func TestExampleRequests(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: the scripts are not tried")
	}
	e := newExample(t, "requests")
	e.run()
	for _, tc := range []struct {
		command string
		want    []string // each as often as it stands here
	}{
		{"bash chat.sh", []string{`"model":"gpt-5"`, `"model":"claude-sonnet-5"`, `"model":"gemini-3-pro"`, `"finish_reason":"stop"`, `"finish_reason":"stop"`, `"finish_reason":"stop"`, `"stop_reason":"end_turn"`, `"finishReason":"STOP"`, `"status":"completed"`}},
		{"bash stream.sh", []string{`"usage":{`, `"usage":{`, `"usage":{`, "data: [DONE]", "data: [DONE]", "data: [DONE]"}},
		{"bash vision.sh", []string{`"finish_reason":"stop"`, `"finish_reason":"stop"`, `"finish_reason":"stop"`}},
		{"bash schema.sh", []string{`"content":"{\"name\":`, `"content":"{\"name\":`, `"content":"{\"name\":`, `"content":"{\"name\":`, "response_format: asked for as a tool"}},
		{"bash caching.sh", []string{"gpt-5, second time", "claude-sonnet-5, second time", "gemini-3-pro, second time"}},
		{"bash reasoning.sh", []string{`"reasoning_content":"`, `"summary_text"`, `"summary_text"`, `"summary_text"`, `"summary_text"`}},
		{"bash count.sh", []string{`"input_tokens":`, `"input_tokens":`, `"input_tokens":`, "estimated offline", "estimated offline"}},
		{"go run tools.go", []string{"gpt-5 calls weather", "gpt-5 says: ", "claude-sonnet-5 calls weather", "claude-sonnet-5 says: ", "gemini-3-pro calls weather", "gemini-3-pro says: "}},
	} {
		t.Run(tc.command, func(t *testing.T) {
			words := strings.Fields(tc.command)
			c := exec.CommandContext(t.Context(), words[0], words[1:]...)
			c.Dir = e.dir
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			rest := string(out)
			for _, w := range tc.want {
				if !strings.Contains(rest, w) {
					t.Fatalf("%s is missing in\n%s", w, out)
				}
				rest = strings.Replace(rest, w, "", 1)
			}
			if tc.command == "bash caching.sh" && len(cached.FindAllString(string(out), -1)) != 3 {
				t.Errorf("not each second prompt came out of the cache:\n%s", out)
			}
		})
	}
}

var cached = regexp.MustCompile(`"cached_tokens":[1-9]`)

func TestExampleCluster(t *testing.T) {
	e := newExample(t, "cluster")
	e.run("PROXY=none")
	seen := map[string]bool{}
	for _, port := range []string{"8081", "8082", "8083"} {
		resp, err := e.ask(port, "demo-key-1")
		if err != nil {
			t.Fatal(err)
		}
		seen[resp.Header.Get("X-LLM-Gateway-Owner")+" "+resp.Header.Get("X-LLM-Gateway-Instance")] = true
	}
	if len(seen) != 1 {
		t.Errorf("one key went to %v", seen)
	}
	if s, out, errs := llmgw(t, "members", "--admin", "127.0.0.1:"+e.ports["9092"]); s != 0 || strings.Count(out, " alive ") != 3 || strings.Contains(out, "!") {
		t.Errorf("members: %d\n%s%s", s, out, errs)
	}
}

func TestExampleProxies(t *testing.T) {
	for _, proxy := range []string{"haproxy", "nginx"} {
		t.Run(proxy, func(t *testing.T) {
			if _, err := exec.LookPath(proxy); err != nil {
				t.Skip(proxy, "is not installed: its configuration is not tried")
			}
			e := newExample(t, "cluster")
			e.run("PROXY=" + proxy)
			edges, places := map[string]bool{}, map[string]bool{}
			await(t, 30*time.Second, "the proxy has found all three", func() bool {
				resp, err := e.ask("8000", "demo-key-1")
				if err == nil {
					edges[resp.Header.Get("X-LLM-Gateway-Node")] = true
					places[resp.Header.Get("X-LLM-Gateway-Owner")+" "+resp.Header.Get("X-LLM-Gateway-Instance")] = true
				}
				return len(edges) == 3
			})
			if len(places) != 1 {
				t.Errorf("one key was served by %v", places)
			}
		})
	}
}
