package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func (w world) table(header string, rows func(row func(cells ...any))) error {
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, header)
	rows(func(cells ...any) {
		text := make([]string, len(cells))
		for i, c := range cells {
			text[i] = cmp.Or(fmt.Sprint(c), "-")
		}
		fmt.Fprintln(t, strings.Join(text, "\t"))
	})
	return t.Flush()
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

func membersCommand(w world) *cobra.Command {
	return view(w, "members", "Show the nodes of the cluster", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		var v struct {
			Members []struct {
				Name, Address, State, Version string
				RingShare                     float64 `json:"ring_share"`
				Sessions                      int
				ConfigDigest                  string  `json:"config_digest"`
				UptimeSeconds                 float64 `json:"uptime_seconds"`
				Self                          bool
				Superseded                    bool
			}
		}
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
		err := w.table("NAME\tADDRESS\tSTATE\tVERSION\tRING\tSESSIONS\tCONFIG\tUPTIME", func(row func(...any)) {
			for _, m := range v.Members {
				name, digest := m.Name, m.ConfigDigest
				if m.Self {
					name += " *"
				}
				if m.Superseded {
					name += " (superseded)"
				}
				if digest != own && m.State != "left" && m.State != "failed" {
					digest += " !"
					other = append(other, m.Name)
				}
				row(name, m.Address, m.State, m.Version, fmt.Sprintf("%.1f%%", 100*m.RingShare), m.Sessions, digest, span(m.UptimeSeconds))
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
			return w.table("KEY\tPARTITION\tOWNER\tSTAND-BY", func(row func(...any)) { row(v.Key, v.Partition, v.Owner, v.Standby) })
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
		return w.table("NODE\tSHARE", func(row func(...any)) {
			for _, n := range v.Nodes {
				row(n.Name, fmt.Sprintf("%.1f%%", 100*n.Share))
			}
		})
	})
}

func instancesCommand(w world) *cobra.Command {
	return view(w, "instances", "Show the health of every instance", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		var v struct {
			Instances []struct {
				Provider, Instance, State, Reason string
				Since                             *time.Time
				ReportedBy                        string     `json:"reported_by"`
				RetryAt                           *time.Time `json:"retry_at"`
				Priority, Weight                  int
			}
		}
		if err := a.get(c.Context(), "/api/instances", asJSON, &v); err != nil || asJSON {
			return err
		}
		return w.table("PROVIDER\tINSTANCE\tSTATE\tPRIORITY\tWEIGHT\tSINCE\tRETRY\tREPORTED BY\tREASON", func(row func(...any)) {
			for _, i := range v.Instances {
				row(i.Provider, i.Instance, i.State, i.Priority, i.Weight, ago(i.Since), in(i.RetryAt), i.ReportedBy, i.Reason)
			}
		})
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
		return w.table("API KEY\tCONVERSATION\tPROVIDER\tINSTANCE\tOWNER\tLAST REQUEST\tEXPIRES", func(row func(...any)) {
			for _, s := range v.Sessions {
				row(s.APIKey, s.Conversation, s.Provider, s.Instance, s.Owner, ago(&s.LastRequest), in(&s.Expires))
			}
		})
	})
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

func ago(t *time.Time) string {
	if t == nil {
		return ""
	}
	return time.Since(*t).Round(time.Second).String() + " ago"
}

func in(t *time.Time) string {
	if t == nil {
		return ""
	}
	if d := time.Until(*t); d > 0 {
		return "in " + d.Round(time.Second).String()
	}
	return "now"
}
