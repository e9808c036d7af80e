package main

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A node outlives whoever reads its log, such as the logger of a pipeline.
func TestTheLogsReaderEnds(t *testing.T) {
	dir := t.TempDir()
	config, pid := filepath.Join(dir, "one.hcl"), filepath.Join(dir, "llmgw.pid")
	if err := os.WriteFile(config, []byte(`
server { listen = "127.0.0.1:0" }
admin { listen = "127.0.0.1:0" }
provider "openai" {
  instance "one" {
    base_url = "http://127.0.0.1:1/v1"
    api_key  = "x"
  }
}
api_key "me" { key = "sk-me" }
`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "start", "--config", config, "--pid-file", pid)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), `"ready"`) {
	}
	go func() { ended <- cmd.Wait() }()
	var admin []byte
	await(t, 10*time.Second, "the pid file", func() bool {
		admin, err = os.ReadFile(adminFile(pid))
		return err == nil
	})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each is logged before it is answered
		r, err := http.Post(strings.TrimSpace(string(admin))+"/api/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != 200 {
			t.Errorf("%s", r.Status)
		}
	}
}
