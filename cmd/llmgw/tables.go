package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// tone is how a table's row is told: its colour, where there is one.
type tone string

const (
	calm  tone = ""
	warm  tone = "33" // yellow
	alarm tone = "31" // red
)

type rowFunc func(t tone, cells ...any)

// table prints aligned columns. Colours come behind the alignment, which would
// count their bytes.
func (w world) table(header string, rows func(row rowFunc)) error {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, header)
	tones := []tone{calm}
	rows(func(tone tone, cells ...any) {
		list := make([]string, len(cells))
		for i, c := range cells {
			list[i] = cmp.Or(oneLine(fmt.Sprint(c)), "-")
		}
		fmt.Fprintln(t, strings.Join(list, "\t"))
		tones = append(tones, tone)
	})
	if err := t.Flush(); err != nil {
		return err
	}
	i := 0
	for line := range strings.Lines(text.String()) {
		line = strings.TrimRight(line, " \n")
		if w.colours() && tones[i] != calm {
			line = "\x1b[" + string(tones[i]) + "m" + line + "\x1b[0m"
		}
		if _, err := fmt.Fprintln(w.out, line); err != nil {
			return err
		}
		i++
	}
	return nil
}

// oneLine keeps what a provider said from breaking a table or a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// view is a command that shows a part of a node's state.
func view(w world, use, short string, args cobra.PositionalArgs, show func(c *cobra.Command, a *admin, asJSON bool, args []string) error) *cobra.Command {
	a := &admin{w: w}
	var asJSON bool
	c := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error { return show(c, a, asJSON, args) }}
	adminFlag(c, a)
	c.Flags().BoolVar(&asJSON, "json", false, "print the admin listener's JSON")
	return c
}

type member struct {
	Name, Address, State, Version string
	RingShare                     float64 `json:"ring_share"`
	Sessions                      int
	ConfigDigest                  string  `json:"config_digest"`
	UptimeSeconds                 float64 `json:"uptime_seconds"`
	Self                          bool
	Superseded                    bool
}

type membersView struct{ Members []member }

// label is the name, with a star where this is the node asked.
func (m member) label() string {
	name := m.Name
	if m.Self {
		name += " *"
	}
	if m.Superseded {
		name += " (superseded)"
	}
	return name
}

func (m member) tone() tone {
	switch m.State {
	case "alive":
		return calm
	case "failed":
		return alarm
	}
	return warm
}

func (m member) gone() bool { return m.State == "left" || m.State == "failed" }

func membersCommand(w world) *cobra.Command {
	return view(w, "members", "Show the nodes of the cluster", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		var v membersView
		if err := a.get(c.Context(), "/api/members", asJSON, &v); err != nil || asJSON {
			return err
		}
		own := ""
		for _, m := range v.Members {
			if m.Self {
				own = m.ConfigDigest
			}
		}
		var other []string
		err := w.table("NAME\tADDRESS\tSTATE\tVERSION\tRING\tSESSIONS\tCONFIG\tUPTIME", func(row rowFunc) {
			for _, m := range v.Members {
				digest, tone := m.ConfigDigest, m.tone()
				if digest != own && !m.gone() {
					digest += " !"
					tone = alarm
					other = append(other, m.Name)
				}
				row(tone, m.label(), m.Address, m.State, m.Version, fmt.Sprintf("%.1f%%", 100*m.RingShare), m.Sessions, digest, span(m.UptimeSeconds))
			}
		})
		if len(other) > 0 {
			fmt.Fprintf(w.out, "\n! another configuration than the node asked (*): %s\n", strings.Join(other, ", "))
		}
		return err
	})
}

func ringCommand(w world) *cobra.Command {
	return view(w, "ring [KEY_NAME]", "Show the ring's shares, or the owner of a key", atMost(1, "at most one key name"), func(c *cobra.Command, a *admin, asJSON bool, args []string) error {
		if len(args) == 1 {
			var v struct {
				Key            string
				Partition      int
				Owner, Standby string
			}
			if err := a.get(c.Context(), "/api/ring/"+url.PathEscape(args[0]), asJSON, &v); err != nil || asJSON {
				return err
			}
			return w.table("KEY\tPARTITION\tOWNER\tSTAND-BY", func(row rowFunc) { row(calm, v.Key, v.Partition, v.Owner, v.Standby) })
		}
		var v struct {
			Nodes []struct {
				Name  string
				Share float64
			}
		}
		if err := a.get(c.Context(), "/api/ring", asJSON, &v); err != nil || asJSON {
			return err
		}
		return w.table("NODE\tSHARE", func(row rowFunc) {
			for _, n := range v.Nodes {
				row(calm, n.Name, fmt.Sprintf("%.1f%%", 100*n.Share))
			}
		})
	})
}

type instancesView struct {
	Instances []struct {
		Provider, Instance, State, Reason string
		Since                             *time.Time
		ReportedBy                        string     `json:"reported_by"`
		RetryAt                           *time.Time `json:"retry_at"`
		Priority, Weight                  int
		Cooling                           map[string]time.Time
	}
}

func (v instancesView) print(w world) error {
	return w.table("PROVIDER\tINSTANCE\tSTATE\tPRIORITY\tWEIGHT\tSINCE\tRETRY\tREPORTED BY\tREASON", func(row rowFunc) {
		for _, i := range v.Instances {
			tone := alarm
			switch i.State {
			case "healthy":
				tone = calm
			case "probing":
				tone = warm
			}
			row(tone, i.Provider, i.Instance, i.State, i.Priority, i.Weight, w.ago(i.Since), w.until(i.RetryAt), i.ReportedBy, i.Reason)
			for _, model := range slices.Sorted(maps.Keys(i.Cooling)) {
				until := i.Cooling[model]
				row(warm, "", "", "cooling", "", "", "", w.until(&until), "", "model "+model)
			}
		}
	})
}

func instancesCommand(w world) *cobra.Command {
	return view(w, "instances", "Show the health of every instance", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		var v instancesView
		if err := a.get(c.Context(), "/api/instances", asJSON, &v); err != nil || asJSON {
			return err
		}
		return v.print(w)
	})
}

func sessionsCommand(w world) *cobra.Command {
	return view(w, "sessions", "Show the live sessions of the fleet", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		var v struct {
			Sessions []struct {
				APIKey                                  string `json:"api_key"`
				Conversation, Provider, Instance, Owner string
				LastRequest                             time.Time `json:"last_request"`
				Expires                                 time.Time
			}
		}
		if err := a.get(c.Context(), "/api/sessions", asJSON, &v); err != nil || asJSON {
			return err
		}
		return w.table("API KEY\tCONVERSATION\tPROVIDER\tINSTANCE\tOWNER\tLAST REQUEST\tEXPIRES", func(row rowFunc) {
			for _, s := range v.Sessions {
				row(calm, s.APIKey, s.Conversation, s.Provider, s.Instance, s.Owner, w.ago(&s.LastRequest), w.until(&s.Expires))
			}
		})
	})
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

func (w world) ago(t *time.Time) string {
	if t == nil {
		return ""
	}
	return w.now().Sub(*t).Round(time.Second).String() + " ago"
}

func (w world) until(t *time.Time) string {
	if t == nil {
		return ""
	}
	if d := t.Sub(w.now()); d > 0 {
		return "in " + d.Round(time.Second).String()
	}
	return "now"
}
