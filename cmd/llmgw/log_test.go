package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
)

func TestReloadChangesTheLog(t *testing.T) {
	var shared logs
	var out bytes.Buffer
	shared.set(config.Log{Level: slog.LevelInfo, Format: "json"})
	log := shared.logger(&out).With("node", "gw-1").WithGroup("g")
	line := func() string {
		out.Reset()
		log.Debug("hello", "a", 1)
		return out.String()
	}
	if got := line(); got != "" {
		t.Errorf("debug at info: %q", got)
	}
	shared.set(config.Log{Level: slog.LevelDebug, Format: "json"})
	if got := line(); !strings.HasSuffix(got, `"level":"DEBUG","msg":"hello","node":"gw-1","g":{"a":1}}`+"\n") {
		t.Errorf("json: %q", got)
	}
	shared.set(config.Log{Level: slog.LevelDebug, Format: "text"})
	if got := line(); !strings.HasSuffix(got, "level=DEBUG msg=hello node=gw-1 g.a=1\n") {
		t.Errorf("text: %q", got)
	}
}

// A reload that is taken is told to who runs the node, one that is refused is
// not.
func TestReloadedIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "one.hcl")
	write := func(level string) {
		t.Helper()
		text := "server { listen = \"127.0.0.1:0\" }\nadmin { listen = \"127.0.0.1:0\" }\nlog { level = \"" + level + "\" }\n" +
			"provider \"openai\" {\n  instance \"a\" { base_url = \"http://127.0.0.1:1/v1\" }\n}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func() (*config.Config, error) { return config.Load(file, config.Options{}) }
	write("info")
	first, err := load()
	if err != nil {
		t.Fatal(err)
	}
	var told []slog.Level
	n, err := gateway.New(gateway.Options{Config: first, Load: load, Reloaded: func(c *config.Config) { told = append(told, c.Log.Level) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer n.Kill()
	write("debug")
	if _, err := n.Reload(); err != nil {
		t.Error(err)
	}
	write("loud")
	if _, err := n.Reload(); err == nil {
		t.Error("a bad level is taken")
	}
	if len(told) != 1 || told[0] != slog.LevelDebug {
		t.Errorf("told: %v", told)
	}
}

// A log that cannot be opened anew goes on where it was.
func TestALogThatCannotBeReopened(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := openLog(filepath.Join(dir, "llmgw.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := l.reopen(); err == nil {
		t.Error("a folder that is gone is no error")
	}
	if _, err := l.Write([]byte("still here")); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir+".old", "llmgw.log")); err != nil || string(b) != "still here" {
		t.Errorf("%q, %v", b, err)
	}
	if l, err := openLog(dir + ".none/llmgw.log"); err == nil {
		l.close()
		t.Error("a log in no folder is opened")
	}
}
