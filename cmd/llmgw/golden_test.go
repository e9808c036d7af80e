package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stage is where commands are tried: an environment, a clock that stands, and
// an admin listener that answers from testdata/admin.
type stage struct {
	admin string

	mu      sync.Mutex // the admin listener answers in goroutines of its own
	env     map[string]string
	stopped bool
}

const noon = "2026-11-25T12:00:00Z"

func newStage(t *testing.T) *stage {
	s := &stage{env: map[string]string{"ANTHROPIC_API_KEY": "sk-ant-secret", "TEAM_KEY": "sk-team-secret"}}
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if want := s.env["WANTED_TOKEN"]; want != "" && r.Header.Get("Authorization") != "Bearer "+want {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if s.stopped { // a node that has ended takes no connection
			panic(http.ErrAbortHandler)
		}
		s.stopped = r.URL.Path == "/api/stop"
		name := strings.ReplaceAll(strings.TrimPrefix(r.URL.Path, "/api/"), "/", "-")
		if r.Method == http.MethodPost {
			name = "post-" + name
		}
		if s.env["REFUSED"] != "" && r.Method == http.MethodPost {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error":"gateway.hcl:3: no provider is called \"antropic\""}`)
			return
		}
		b, err := os.ReadFile(filepath.Join("testdata", "admin", name+".json"))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":"no api_key of that name is configured"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b)
	}))
	t.Cleanup(node.Close)
	s.admin = node.URL
	return s
}

// become changes the environment, and forgets that the node was stopped.
func (s *stage) become(env map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env, s.stopped = env, false
}

// play runs one command line. Words before the first that is no NAME=VALUE are
// its environment; ADMIN stands for the admin listener.
func (s *stage) play(t *testing.T, line string) string {
	t.Helper()
	before := s.env
	env := maps.Clone(before)
	s.become(env)
	defer s.become(before)
	stdin, line := "", strings.TrimPrefix(line, "$ ")
	if text, rest, ok := strings.Cut(line, " | "); ok {
		stdin, line = text+"\n", rest
	}
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		name, value, _ := strings.Cut(words[0], "=")
		env[name] = strings.ReplaceAll(value, "ADMIN", s.admin)
		words = words[1:]
	}
	if len(words) == 0 || words[0] != "llmgw" {
		t.Fatalf("no command: %q", line)
	}
	args := words[1:]
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "ADMIN", s.admin)
	}
	now, err := time.Parse(time.RFC3339, noon)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	status := run(ctx, args, world{
		in: strings.NewReader(stdin), out: &out, err: &errs, terminal: env["TERMINAL"] != "",
		env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		now: func() time.Time { return now },
	})
	var b strings.Builder
	fmt.Fprintf(&b, "exit %d\n", status)
	section := func(name, text string) {
		if len(text) > 6000 { // a shell's script, of somebody else's making
			text = strings.Join(strings.SplitAfter(text, "\n")[:3], "") + "(and more)\n"
		}
		if text != "" {
			fmt.Fprintf(&b, "--- %s\n%s", name, s.stable(text))
			if !strings.HasSuffix(text, "\n") {
				b.WriteString("(no line feed)\n")
			}
		}
	}
	section("stdout", out.String())
	section("stderr", errs.String())
	return b.String()
}

var unstable = []struct {
	found *regexp.Regexp
	told  string
}{
	{regexp.MustCompile(`go1\.\d+(\.\d+)?[^\s"]*`), "GO_VERSION"},
	{regexp.MustCompile(`(?m)^[A-Za-z0-9+/]{43}=$`), "SECRET_OF_32_BYTES"},
	{regexp.MustCompile("\x1b"), `\e`},
}

func (s *stage) stable(text string) string {
	text = strings.ReplaceAll(text, s.admin, "ADMIN")
	for _, u := range unstable {
		text = u.found.ReplaceAllString(text, u.told)
	}
	return text
}

// Every command's output and exit status, and those of its mistakes. The files
// hold command lines, each followed by what it must print.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newStage(t)
			var got strings.Builder
			for block := range strings.SplitSeq("\n"+string(b), "\n$ ") {
				line, want, _ := strings.Cut(block, "\n")
				if strings.TrimSpace(line) == "" {
					continue
				}
				answer := s.play(t, line)
				fmt.Fprintf(&got, "$ %s\n%s\n", line, answer)
				if strings.TrimSpace(want) != strings.TrimSpace(answer) && !*update {
					t.Errorf("$ %s\ngot:\n%s\nwant:\n%s", line, answer, want)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// No command is without its golden output.
func TestEveryCommandIsGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, c := range newRoot(world{}).Commands() {
		if !strings.Contains(all.String(), "llmgw "+c.Name()) {
			t.Errorf("no golden file plays 'llmgw %s'", c.Name())
		}
	}
}
