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
	return strings.TrimSuffix(u, "/")
}

// call returns the body of a 2xx; anything else is an error that says what to
// do.
func (a *admin) call(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.base()+path, nil)
	if err != nil {
		return nil, usageError{fmt.Errorf("--admin %q is no URL", a.base())}
	}
	if token := a.w.getenv("LLMGW_ADMIN_TOKEN", ""); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no node answers at %s: %w\nIs it running? --admin or LLMGW_ADMIN names another address", a.base(), errors.Unwrap(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", a.base(), err)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return nil, errors.New("the admin listener wants its token: set LLMGW_ADMIN_TOKEN")
	}
	if resp.StatusCode >= 300 {
		var e struct{ Error string }
		if json.Unmarshal(body, &e) == nil && e.Error != "" {
			return nil, errors.New(e.Error)
		}
		return nil, fmt.Errorf("%s answers %s", a.base()+path, resp.Status)
	}
	return body, nil
}

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
			if pidFile == "" {
				if _, err := a.call(c.Context(), "POST", "/api/stop"); err != nil {
					return err
				}
				fmt.Fprintln(w.out, "stopping")
				return nil
			}
			pid, err := readPid(pidFile)
			if err != nil {
				return err
			}
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				return fmt.Errorf("process %d of %s: %w", pid, pidFile, err)
			}
			for began := time.Now(); time.Since(began) < timeout; time.Sleep(50 * time.Millisecond) {
				if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
					fmt.Fprintln(w.out, "stopped")
					return nil
				}
				if _, err := os.Stat(pidFile); errors.Is(err, os.ErrNotExist) {
					fmt.Fprintln(w.out, "stopped")
					return nil
				}
			}
			return fmt.Errorf("process %d still runs after %s", pid, timeout)
		},
	}
	adminFlag(c, a)
	c.Flags().StringVar(&pidFile, "pid-file", "", "of the node to stop")
	c.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "with --pid-file: how long to wait for its end")
	return c
}

func reloadCommand(w world) *cobra.Command {
	a := &admin{w: w}
	var pidFile string
	c := &cobra.Command{
		Use: "reload", Short: "Make a node read its configuration again", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if pidFile != "" {
				pid, err := readPid(pidFile)
				if err != nil {
					return err
				}
				if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
					return fmt.Errorf("process %d of %s: %w", pid, pidFile, err)
				}
				fmt.Fprintln(w.out, "told the node; its log says what changed or why not (use --admin to see it here)")
				return nil
			}
			body, err := a.call(c.Context(), "POST", "/api/reload")
			if err != nil {
				return fmt.Errorf("the reload was refused, the old configuration stays in force:\n%w", err)
			}
			var v struct{ Changes []string }
			if err := json.Unmarshal(body, &v); err != nil {
				return err
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
