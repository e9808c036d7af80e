package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// counts are a part of /api/stats.
type counts struct {
	Requests   int64   `json:"requests"`
	Errors     int64   `json:"errors"`
	Input      int64   `json:"input_tokens"`
	Output     int64   `json:"output_tokens"`
	CacheRead  int64   `json:"cache_read_tokens"`
	CacheWrite int64   `json:"cache_write_tokens"`
	CostUSD    float64 `json:"cost_usd"`
}

func (c counts) tokens() int64 { return c.Input + c.Output + c.CacheRead + c.CacheWrite }

// hits is the share of the prompt tokens that came from a cache.
func (c counts) hits() string {
	all := c.Input + c.CacheRead + c.CacheWrite
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*float64(c.CacheRead)/float64(all))
}

type account struct{ Total, Window counts }

type statsView struct {
	WindowSeconds int `json:"window_seconds"`
	account
	Nodes []struct {
		Name string
		account
	}
	Providers []struct {
		Provider string
		account
	}
}

func statsCommand(w world) *cobra.Command {
	a := &admin{w: w}
	var once, asJSON bool
	var every time.Duration
	c := &cobra.Command{
		Use: "stats", Short: "Show the fleet's rates, nodes and instances, live", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if every < 100*time.Millisecond {
				return usageError{errors.New("--every must be at least 100ms")}
			}
			if asJSON {
				return a.get(c.Context(), "/api/stats", true, nil)
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return watchStats(ctx, w, a, once, every)
		},
	}
	adminFlag(c, a)
	c.Flags().BoolVar(&once, "once", false, "print it once and end")
	c.Flags().BoolVar(&asJSON, "json", false, "print the admin listener's JSON once and end")
	c.Flags().DurationVar(&every, "every", 2*time.Second, "how often it is drawn")
	return c
}

// watchStats draws until it is interrupted. A node that stops answering is
// told on the screen and asked again; only the first answer must come.
func watchStats(ctx context.Context, w world, a *admin, once bool, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for first := true; ; first = false {
		var screen bytes.Buffer
		err := drawStats(ctx, w.to(&screen), a)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err != nil:
			fmt.Fprintln(&screen, err)
		}
		if w.terminal && !once {
			fmt.Fprint(w.out, "\x1b[H\x1b[2J") // to the top left, and clear
		}
		if _, err := screen.WriteTo(w.out); err != nil || once {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !w.terminal {
			fmt.Fprintln(w.out)
		}
	}
}

func drawStats(ctx context.Context, w world, a *admin) error {
	var s statsView
	var m membersView
	var i instancesView
	for path, v := range map[string]any{"/api/stats": &s, "/api/members": &m, "/api/instances": &i} {
		if err := a.get(ctx, path, false, v); err != nil {
			return err
		}
	}
	rate := func(n int64) string { return figure(float64(n) / float64(max(s.WindowSeconds, 1))) }
	sessions := 0
	for _, x := range m.Members {
		sessions += x.Sessions
	}
	fmt.Fprintf(w.out, "%s  requests/s %s  tokens/s %s  errors/s %s  cache hits %s  sessions %d  cost $%.2f\n\n", w.now().Format("15:04:05"),
		rate(s.Window.Requests), rate(s.Window.tokens()), rate(s.Window.Errors), orDash(s.Total.hits()), sessions, s.Total.CostUSD)
	err := w.table("NODE\tSTATE\tRING\tREQ/S\tTOK/S\tERR/S\tSESSIONS\tUPTIME", func(row rowFunc) {
		for _, x := range m.Members {
			var window counts
			for _, n := range s.Nodes {
				if n.Name == x.Name && !x.Superseded {
					window = n.Window
				}
			}
			row(x.tone(), x.label(), x.State, fmt.Sprintf("%.1f%%", 100*x.RingShare), rate(window.Requests), rate(window.tokens()), rate(window.Errors), x.Sessions, span(x.UptimeSeconds))
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(w.out)
	if err := i.print(w); err != nil || len(s.Providers) == 0 {
		return err
	}
	fmt.Fprintln(w.out)
	return w.table("PROVIDER\tREQ/S\tREQUESTS\tERRORS\tINPUT\tOUTPUT\tCACHE READ\tHITS\tCOST", func(row rowFunc) {
		for _, p := range s.Providers {
			t := p.Total
			row(calm, p.Provider, rate(p.Window.Requests), t.Requests, t.Errors, t.Input+t.CacheWrite, t.Output, t.CacheRead, t.hits(), fmt.Sprintf("$%.2f", t.CostUSD))
		}
	})
}

// figure is a rate with as many digits as it is worth.
func figure(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.1fk", n/1e3)
	case n >= 10:
		return fmt.Sprintf("%.0f", n)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
