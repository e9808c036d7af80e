package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runner runs clients one after the other, each against the three providers at
// once.
type runner struct {
	fleet      *fleet
	temp, logs string
	patience   time.Duration
}

func (r *runner) all(ctx context.Context, clients []*client) []result {
	var results []result
	for _, c := range clients {
		if ctx.Err() != nil {
			break
		}
		list := make([]result, len(dialects))
		var wg sync.WaitGroup
		for i, d := range dialects {
			list[i] = result{client: c, dialect: d.name, skipped: c.missing}
			if c.missing == "" {
				wg.Go(func() { list[i] = r.one(ctx, c, d.name, d.model) })
			}
		}
		wg.Wait()
		for _, res := range list {
			fmt.Print(res.line())
		}
		results = append(results, list...)
	}
	return results
}

// one runs a client against one provider.
func (r *runner) one(ctx context.Context, c *client, dialect, model string) result {
	res := result{client: c, dialect: dialect}
	dir, err := os.MkdirTemp(r.temp, c.name+"-")
	if err != nil {
		res.trouble = err.Error()
		return res
	}
	t := task{dir: filepath.Join(dir, "work"), home: filepath.Join(dir, "home"), url: r.fleet.front, model: model, dialect: dialect, marker: "task-" + rand.Text()[:10], result: "sunny-" + rand.Text()[:10]}
	if err := write(filepath.Join(t.dir, "note.txt"), t.result+"\n"); err != nil {
		res.trouble = err.Error()
		return res
	}
	began := time.Now()
	out, err := r.execute(ctx, c, t)
	res.took = time.Since(began)
	res.read(c, t, out, err)
	requests, err := r.fleet.seen(ctx, dialect)
	if err != nil {
		res.trouble = err.Error()
	}
	res.witness(t, requests)
	if res.failed() {
		file := filepath.Join(r.logs, strings.NewReplacer(" ", "-", "(", "", ")", "").Replace(c.name+"-"+c.version+"-"+c.speaks+"-"+dialect+".log"))
		if err := write(file, out+"\n"+tellRequests(t, requests)); err != nil {
			res.trouble += "; " + err.Error()
		}
	}
	return res
}

// execute runs the client without a terminal, in a group of its own, with no
// environment but what it needs. Proxies that do not answer keep it on loopback.
func (r *runner) execute(ctx context.Context, c *client, t task) (string, error) {
	args, env, err := c.command(t)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	if err := os.MkdirAll(t.home, 0o700); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = t.dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.home, "TMPDIR=" + t.home, "LANG=C.UTF-8", "TERM=dumb", "CI=1", "DO_NOT_TRACK=1",
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
		"LLMGW_URL=" + t.url, "LLMGW_API_KEY=" + clientKey, "LLMGW_MODEL=" + t.model, "LLMGW_MARKER=" + t.marker, "LLMGW_RESULT=" + t.result,
	}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the group that it made
	cmd.WaitDelay = 5 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("it was not done after %s", r.patience)
	}
	if err != nil || c.plain {
		return out.String() + "\n--- standard error\n" + errs.String(), err
	}
	return out.String(), nil
}

// tellRequests is what a stand-in saw of a run, for the log of a failure.
func tellRequests(t task, requests []seen) string {
	var b strings.Builder
	b.WriteString("--- what the provider saw\n")
	for _, s := range requests {
		if bytes.Contains(s.Body, []byte(t.marker)) {
			fmt.Fprintf(&b, "%s %s\n%v\n%s\n\n", s.Method, s.Path, s.Header, s.Body)
		}
	}
	return b.String()
}

// read takes what the client itself said.
func (res *result) read(c *client, t task, out string, err error) {
	if c.plain {
		said, _, _ := strings.Cut(out, "\n--- standard error\n")
		res.answers = err == nil && strings.Contains(said, "The tool answered: ") && strings.Contains(said, t.result)
		if err != nil {
			res.trouble = err.Error() + ": " + last(out)
		}
		return
	}
	told := false
	for line := range strings.Lines(out) {
		var v struct {
			Answer, Error, Check string
			Pieces               int
			OK                   bool
		}
		if json.Unmarshal([]byte(line), &v) != nil {
			continue
		}
		switch {
		case v.Check != "":
			res.checks++
			if v.OK {
				res.passed++
			} else {
				res.troubles = append(res.troubles, v.Check+": "+v.Error)
			}
		case v.Error != "":
			told, err = true, errors.Join(err, errors.New(v.Error))
		default:
			told = true
			res.pieces = v.Pieces
			res.answers = strings.Contains(v.Answer, "The tool answered: ") && strings.Contains(v.Answer, t.result)
		}
	}
	if err == nil && !told {
		err = errors.New("it said nothing")
	}
	if err != nil {
		res.trouble = err.Error() + " " + last(out)
	}
}

func last(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	s := lines[len(lines)-1]
	return s[:min(len(s), 300)]
}
