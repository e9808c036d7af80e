package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// admin talks to a node's admin listener.
type admin struct {
	w   world
	url string
}

func adminFlag(c *cobra.Command, a *admin) {
	c.Flags().StringVar(&a.url, "admin", "", "the admin listener (default $LLMGW_ADMIN or http://127.0.0.1:9090)")
}

func (a *admin) base() string {
	u := a.url
	if u == "" {
		u = a.w.getenv("LLMGW_ADMIN", "http://127.0.0.1:9090")
	}
	if !strings.Contains(u, "://") {
		u = "http://" + u
	}
	if strings.HasSuffix(u, "://") {
		return u // no host: call says so
	}
	return strings.TrimSuffix(u, "/")
}

// call returns the body of a 2xx; anything else is an error that says what to
// do.
func (a *admin) call(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.base()+path, nil)
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, usageError{fmt.Errorf("--admin %q is no http(s) URL", a.base())}
	}
	if token := a.w.getenv("LLMGW_ADMIN_TOKEN", ""); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, unreachable{fmt.Errorf("no node answers at %s: %w\nIs it running? --admin or LLMGW_ADMIN names another address", a.base(), errors.Unwrap(err))}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", a.base(), err)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		if req.Header.Get("Authorization") != "" {
			return nil, errors.New("the admin listener refuses the token in LLMGW_ADMIN_TOKEN: it is not that of the node's configuration")
		}
		return nil, errors.New("the admin listener wants its token: set LLMGW_ADMIN_TOKEN")
	}
	if resp.StatusCode >= 300 {
		var e struct{ Error string }
		if json.Unmarshal(body, &e) == nil && e.Error != "" {
			return nil, refusal{errors.New(e.Error)}
		}
		return nil, fmt.Errorf("%s answers %s", a.base()+path, resp.Status)
	}
	return body, nil
}

// unreachable is that no node answers; refusal is a node's own no.
type (
	unreachable struct{ error }
	refusal     struct{ error }
)

// get reads JSON into v, or prints it as it is.
func (a *admin) get(ctx context.Context, path string, asJSON bool, v any) error {
	body, err := a.call(ctx, "GET", path)
	if err != nil {
		return err
	}
	if asJSON {
		_, err := io.Copy(a.w.out, bytes.NewReader(body))
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s is no llmgw admin listener: %w", a.base(), err)
	}
	return nil
}

func stopCommand(w world) *cobra.Command {
	a := &admin{w: w}
	var pidFile string
	var timeout time.Duration
	c := &cobra.Command{
		Use: "stop", Short: "Stop a node gracefully", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			running, err := a.askToStop(c.Context(), pidFile)
			if err != nil {
				return err
			}
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			end := time.After(timeout)
			for running(c.Context()) {
				select {
				case <-end:
					return fmt.Errorf("the node was told to stop and still runs after %s: it waits for requests in flight, for server.drain_timeout at most", timeout)
				case <-c.Context().Done():
					return c.Context().Err()
				case <-tick.C:
				}
			}
			fmt.Fprintln(w.out, "stopped")
			return nil
		},
	}
	adminFlag(c, a)
	c.Flags().StringVar(&pidFile, "pid-file", "", "of the node to stop")
	c.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait for its end")
	return c
}

// askToStop tells a node to stop, and returns what tells whether it still runs.
func (a *admin) askToStop(ctx context.Context, pidFile string) (running func(context.Context) bool, err error) {
	if pidFile == "" {
		if _, err := a.call(ctx, "POST", "/api/stop"); err != nil {
			return nil, err
		}
		return func(ctx context.Context) bool {
			_, err := a.call(ctx, "GET", "/health")
			var gone unreachable
			return !errors.As(err, &gone)
		}, nil
	}
	pid, err := signalTo(pidFile, syscall.SIGTERM)
	if err != nil {
		return nil, err
	}
	return func(context.Context) bool { return nodeRuns(pidFile, pid) }, nil
}

func signalTo(pidFile string, s syscall.Signal) (int, error) {
	pid, err := readPid(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("there is no %s: the node was not started with --pid-file, or it has ended", pidFile)
	}
	if err != nil {
		return 0, err
	}
	if !nodeRuns(pidFile, pid) {
		return 0, fmt.Errorf("the node of %s, process %d, does not run: it ended without taking its file away", pidFile, pid)
	}
	if err := syscall.Kill(pid, s); err != nil {
		return 0, fmt.Errorf("process %d of %s: %w", pid, pidFile, err)
	}
	return pid, nil
}

func reloadCommand(w world) *cobra.Command {
	a := &admin{w: w}
	var pidFile string
	c := &cobra.Command{
		Use: "reload", Short: "Make a node read its configuration again, and print what changed", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if pidFile != "" && a.url == "" {
				// The process must live, and its admin listener can say what changed.
				if _, err := signalTo(pidFile, 0); err != nil {
					return err
				}
				b, err := os.ReadFile(adminFile(pidFile))
				if err != nil {
					return fmt.Errorf("%w; --admin names the node as well", err)
				}
				a.url = strings.TrimSpace(string(b))
			}
			body, err := a.call(c.Context(), "POST", "/api/reload")
			var no refusal
			if errors.As(err, &no) {
				return fmt.Errorf("the reload was refused, the old configuration stays in force:\n%w", err)
			}
			if err != nil {
				return err
			}
			var v struct{ Changes []string }
			if err := json.Unmarshal(body, &v); err != nil {
				return fmt.Errorf("%s is no llmgw admin listener: %w", a.base(), err)
			}
			if len(v.Changes) == 0 {
				fmt.Fprintln(w.out, "nothing changed")
			}
			for _, line := range v.Changes {
				fmt.Fprintln(w.out, line)
			}
			return nil
		},
	}
	adminFlag(c, a)
	c.Flags().StringVar(&pidFile, "pid-file", "", "of the node to reload")
	return c
}
