package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func limitsCommand(w world) *cobra.Command {
	return view(w, "limits", "Show what the keys with limits have used, in the whole fleet", exactly(0, "no arguments"), func(c *cobra.Command, a *admin, asJSON bool, _ []string) error {
		type minute struct {
			Limit, Used  int64
			ResetSeconds float64 `json:"reset_seconds"`
		}
		var v struct {
			Limits []struct {
				APIKey     string  `json:"api_key"`
				Owner      string  `json:"owner"`
				Requests   *minute `json:"requests_per_minute"`
				Tokens     *minute `json:"tokens_per_minute"`
				Concurrent *struct {
					Limit, Running int64
				} `json:"concurrent_requests"`
				Day *struct {
					Limit, Spent float64
				} `json:"usd_per_day"`
			}
		}
		if err := a.get(c.Context(), "/api/limits", asJSON, &v); err != nil || asJSON {
			return err
		}
		return w.table("API KEY\tREQUESTS/MIN\tTOKENS/MIN\tCONCURRENT\tUSD TODAY\tOWNER", func(row rowFunc) {
			for _, k := range v.Limits {
				var cells [4]string
				spent := false
				put := func(i int, used, limit float64, format string) {
					cells[i] = strings.ReplaceAll(fmt.Sprintf(format+" of "+format, used, limit), ".00", "")
					spent = spent || used >= limit
				}
				if k.Requests != nil {
					put(0, float64(k.Requests.Used), float64(k.Requests.Limit), "%.0f")
				}
				if k.Tokens != nil {
					put(1, float64(k.Tokens.Used), float64(k.Tokens.Limit), "%.0f")
				}
				if k.Concurrent != nil {
					put(2, float64(k.Concurrent.Running), float64(k.Concurrent.Limit), "%.0f")
				}
				if k.Day != nil {
					put(3, k.Day.Spent, k.Day.Limit, "%.2f")
				}
				mood := calm
				if spent {
					mood = warm
				}
				row(mood, k.APIKey, cells[0], cells[1], cells[2], cells[3], k.Owner)
			}
		})
	})
}
