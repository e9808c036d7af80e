package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/mock"
)

// A node that is killed takes the requests with it that it was just serving;
// no request that starts later fails, whoever owned its key.
func TestKillUnderLoad(t *testing.T) {
	f := newProcesses(t)
	for range 3 {
		f.start()
	}
	for _, n := range f.nodes {
		await(t, 5*time.Second, n.name+" sees three", func() bool { return n.ring() == 3 })
	}
	victim, alive := f.nodes[2], f.nodes[:2]
	var killed atomic.Pointer[time.Time]
	var sent, early, late atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	for worker := range 8 {
		load.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				at := killed.Load()
				resp, err := http.DefaultClient.Do(alive[i%2].ask("openai", worker, i%4 == 0))
				ok := err == nil && resp.StatusCode == 200
				if err == nil {
					b, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					ok = ok && err == nil && !strings.Contains(string(b), `"error"`)
				}
				sent.Add(1)
				switch {
				case ok:
				case at == nil:
					early.Add(1)
				default:
					late.Add(1)
					t.Logf("failed %s after the kill: %v", began.Sub(*at), err)
				}
			}
		})
	}
	await(t, 10*time.Second, "load", func() bool { return sent.Load() > 200 })
	before := early.Load()
	victim.signal(syscall.SIGKILL)
	<-victim.ended
	now := time.Now()
	killed.Store(&now)
	for _, n := range alive {
		await(t, 10*time.Second, n.name+" has the ring of two", func() bool { return n.ring() == 2 })
	}
	healed := time.Since(now)
	reached := sent.Load()
	await(t, 10*time.Second, "more load", func() bool { return sent.Load() > reached+200 })
	close(stop)
	load.Wait()
	t.Logf("%d requests; ring healed after %s; %d in flight were lost", sent.Load(), healed, early.Load()-before)
	if before > 0 || late.Load() > 0 || early.Load() > 8 {
		t.Errorf("%d failed before the kill, %d in flight, %d later", before, early.Load()-before, late.Load())
	}
	if healed > 5*time.Second {
		t.Errorf("the ring healed after %s", healed)
	}
}

// streamed reads a stream to its end, and tells when its head has come.
func streamed(t *testing.T, r *http.Request, head chan<- struct{}) <-chan string {
	got := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(r)
		head <- struct{}{}
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			b = append(b, "READ ERROR "+err.Error()...)
		}
		got <- string(b)
	}()
	return got
}

func TestSIGTERMLetsStreamsEnd(t *testing.T) {
	f := newProcesses(t)
	n := f.start()
	ends := map[string]string{"openai": "data: [DONE]\n\n", "anthropic": "\"message_stop\"}\n\n", "gemini": "\r\n\r\n"}
	head := make(chan struct{}, len(ends))
	streams := map[string]<-chan string{}
	for dialect := range ends {
		f.mocks[dialect].Always(&mock.Step{EventDelay: 50 * time.Millisecond})
		streams[dialect] = streamed(t, n.ask(dialect, 0, true), head)
	}
	for range ends {
		<-head
	}
	n.signal(syscall.SIGTERM)
	for dialect, end := range ends {
		if got := <-streams[dialect]; !strings.HasSuffix(got, end) || strings.Contains(got, `"error"`) {
			t.Errorf("%s: the stream ends with %q", dialect, got[max(0, len(got)-120):])
		}
	}
	if status := n.exit(10 * time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestSIGTERMCutsStreamsWhenTheDrainIsOver(t *testing.T) {
	f := newProcesses(t)
	f.drain = "1s"
	n := f.start()
	want := map[string]string{"openai": `data: {"error":`, "anthropic": "event: error\n", "gemini": `data: {"error":`}
	head := make(chan struct{}, len(want))
	streams := map[string]<-chan string{}
	for dialect := range want {
		f.mocks[dialect].Always(&mock.Step{EventDelay: 100 * time.Millisecond, Tokens: 1000})
		streams[dialect] = streamed(t, n.ask(dialect, 0, true), head)
	}
	for range want {
		<-head
	}
	began := time.Now()
	n.signal(syscall.SIGTERM)
	for dialect, event := range want {
		got := <-streams[dialect]
		end := got[max(0, len(got)-300):]
		if !strings.Contains(end, event) || strings.Contains(got, "READ ERROR") || strings.Contains(got, "[DONE]") {
			t.Errorf("%s: the stream ends with %q", dialect, end)
		}
	}
	if status := n.exit(10 * time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if took := time.Since(began); took < 900*time.Millisecond || took > 6*time.Second {
		t.Errorf("it ended after %s, with a drain of 1 s", took)
	}
}

func TestASecondSIGTERMEndsAtOnce(t *testing.T) {
	f := newProcesses(t)
	f.drain = "60s"
	n := f.start()
	f.mocks["openai"].Always(&mock.Step{EventDelay: time.Second, Tokens: 1000})
	head := make(chan struct{}, 1)
	got := streamed(t, n.ask("openai", 0, true), head)
	<-head
	n.signal(syscall.SIGTERM)
	await(t, 5*time.Second, "it is leaving", func() bool { return strings.Contains(n.logged(), `"leaving"`) })
	n.signal(syscall.SIGTERM)
	if status := n.exit(5 * time.Second); status != 1 {
		t.Errorf("exit status %d", status)
	}
	<-got
}

func edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

const gptRoute = `route "gpt-*" { provider = "openai" }`

func status(t *testing.T, r *http.Request) int {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestSIGHUP(t *testing.T) {
	f := newProcesses(t)
	n := f.start()
	f.mocks["anthropic"].Always(&mock.Step{EventDelay: 50 * time.Millisecond, Tokens: 40})
	head := make(chan struct{}, 1)
	stream := streamed(t, n.ask("anthropic", 0, true), head)
	<-head
	fresh := func() *http.Request {
		r := n.ask("openai", 0, false)
		r.Body = io.NopCloser(strings.NewReader(`{"model":"fresh","messages":[{"role":"user","content":"hi"}]}`))
		r.ContentLength = -1
		return r
	}
	if got := status(t, fresh()); got != 404 {
		t.Fatalf("before: %d", got)
	}
	edit(t, n.config, gptRoute, gptRoute+"\nroute \"fresh\" { provider = \"openai\" }")
	n.signal(syscall.SIGHUP)
	await(t, 5*time.Second, "the new route", func() bool { return status(t, fresh()) == 200 })

	edit(t, n.config, gptRoute, `route "gpt-*" { provider = "opnai" }`)
	n.signal(syscall.SIGHUP)
	await(t, 5*time.Second, "the refusal in the log", func() bool { return strings.Contains(n.logged(), "the new configuration is refused") })
	if !strings.Contains(n.logged(), "Did you mean") {
		t.Error("the log does not say why")
	}
	if got := status(t, fresh()); got != 200 {
		t.Errorf("the old configuration is gone: %d", got)
	}
	if !strings.Contains(n.get("/metrics"), "llm_gateway_config_last_reload_successful 0") {
		t.Error("the metric does not tell")
	}
	if got := <-stream; !strings.Contains(got, "message_stop") {
		t.Errorf("a stream did not survive: %q", got[max(0, len(got)-100):])
	}
}

func TestReloadCommand(t *testing.T) {
	f := newProcesses(t)
	pid := filepath.Join(f.dir, "llmgw.pid")
	n := f.start("--pid-file", pid)
	if s, out, errs := llmgw(t, "reload", "--pid-file", pid); s != 0 || out != "nothing changed\n" {
		t.Errorf("nothing new: %d %q %q", s, out, errs)
	}
	edit(t, n.config, gptRoute, gptRoute+"\nroute \"fresh\" { provider = \"openai\" }")
	if s, out, errs := llmgw(t, "reload", "--pid-file", pid); s != 0 || !strings.Contains(out, "fresh") {
		t.Errorf("a route: %d %q %q", s, out, errs)
	}
	edit(t, n.config, gptRoute, `route "gpt-*" { provider = "opnai" }`)
	for _, args := range [][]string{{"--pid-file", pid}, {"--admin", n.Admin}} {
		s, out, errs := llmgw(t, append([]string{"reload"}, args...)...)
		if s != 1 || out != "" || !strings.Contains(errs, "the reload was refused") || !strings.Contains(errs, "gw-1.hcl:") || !strings.Contains(errs, `provider = "opnai"`) {
			t.Errorf("a bad file, %v: %d %q %q", args, s, out, errs)
		}
	}
	edit(t, n.config, `route "gpt-*" { provider = "opnai" }`, gptRoute)
	edit(t, n.config, `node_name = "gw-1"`, `node_name = "gw-9"`)
	if s, _, errs := llmgw(t, "reload", "--admin", n.Admin); s != 1 || !strings.Contains(errs, "only a restart can change: node_name") {
		t.Errorf("what needs a restart: %d %q", s, errs)
	}
}

func TestStopCommand(t *testing.T) {
	f := newProcesses(t)
	n := f.start()
	if s, out, errs := llmgw(t, "stop", "--admin", n.Admin); s != 0 || out != "stopped\n" {
		t.Errorf("%d %q %q", s, out, errs)
	}
	if status := n.exit(5 * time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A crash leaves its pid file, and the number in it becomes another process's.
func TestPidFileOfSomebodyElse(t *testing.T) {
	f := newProcesses(t)
	other := exec.Command("sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- other.Wait() }()
	t.Cleanup(func() {
		_ = other.Process.Kill()
		<-ended
	})
	pid := filepath.Join(f.dir, "stale.pid")
	f.write(pid, strconv.Itoa(other.Process.Pid)+"\n")
	for _, command := range []string{"stop", "reload"} {
		if s, _, errs := llmgw(t, command, "--pid-file", pid); s != 1 || !strings.Contains(errs, "does not run") {
			t.Errorf("%s: %d %q", command, s, errs)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the other process was ended: %v", err)
	default:
	}
	f.start("--pid-file", pid)
	if s, out, errs := llmgw(t, "stop", "--pid-file", pid); s != 0 || out != "stopped\n" {
		t.Errorf("%d %q %q", s, out, errs)
	}
}

func TestLogFileInTheForeground(t *testing.T) {
	f := newProcesses(t)
	file, log := filepath.Join(f.dir, "l.hcl"), filepath.Join(f.dir, "l.log")
	f.write(file, f.source("logged"))
	n := command(t, "start", "--config", file, "--log-file", log)
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Wait() }()
	t.Cleanup(func() { _ = n.Process.Kill() })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for text := ""; !strings.Contains(text, `"ready"`); {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v", err)
		case <-limit:
			t.Fatalf("it is not ready: %s", text)
		case <-tick.C:
			b, _ := os.ReadFile(log) // not there yet: the same as empty
			text = string(b)
		}
	}
	if err := n.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDaemon(t *testing.T) {
	f := newProcesses(t)
	file, pid, log := filepath.Join(f.dir, "d.hcl"), filepath.Join(f.dir, "d.pid"), filepath.Join(f.dir, "d.log")
	f.write(file, f.source("daemon"))
	s, out, errs := llmgw(t, "start", "--daemon", "--config", file, "--pid-file", pid, "--log-file", log)
	if s != 0 || !strings.HasPrefix(out, "llmgw runs as process ") {
		t.Fatalf("%d %q %q", s, out, errs)
	}
	number, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(out, "llmgw runs as process ")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() { // else it has ended, and its number may be another's
			_ = syscall.Kill(number, syscall.SIGKILL)
		}
	})
	b, err := os.ReadFile(pid)
	if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(number) {
		t.Errorf("the pid file holds %q, %v", b, err)
	}
	admin, err := os.ReadFile(adminFile(pid))
	if err != nil {
		t.Fatal(err)
	}
	if s, out, errs := llmgw(t, "members", "--admin", strings.TrimSpace(string(admin))); s != 0 || !strings.Contains(out, "daemon *") {
		t.Errorf("members: %d %q %q", s, out, errs)
	}
	if s, _, errs := llmgw(t, "start", "--config", file, "--pid-file", pid); s != 1 || !strings.Contains(errs, "which is running; stop it first") {
		t.Errorf("a second one: %d %q", s, errs)
	}
	if err := os.Rename(log, log+".1"); err != nil { // as logrotate does
		t.Fatal(err)
	}
	s, _, errs = llmgw(t, "reload", "--pid-file", pid)
	if b, err := os.ReadFile(log + ".1"); s != 0 || err != nil || !strings.Contains(string(b), `"ready"`) || strings.Contains(string(b), "reloaded") {
		t.Errorf("reload: %d %q; the log that was moved away: %v %s", s, errs, err, b)
	}
	if s, out, errs := llmgw(t, "stop", "--pid-file", pid); s != 0 || out != "stopped\n" {
		t.Errorf("stop: %d %q %q", s, out, errs)
	}
	for _, gone := range []string{pid, adminFile(pid)} {
		if _, err := os.Stat(gone); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", gone, err)
		}
	}
	if b, err := os.ReadFile(log); err != nil || !strings.Contains(string(b), "reloaded") || !strings.Contains(string(b), `"stopped"`) {
		t.Errorf("the log: %v %s", err, b)
	}
	edit(t, file, gptRoute, `route "gpt-*" { provider = "opnai" }`)
	if s, _, errs := llmgw(t, "start", "--daemon", "--config", file); s != 1 || !strings.Contains(errs, `provider = "opnai"`) {
		t.Errorf("a bad file: %d %q", s, errs)
	}
}
