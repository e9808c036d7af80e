package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/doctor"
)

func doctorCommand(w world) *cobra.Command {
	var path, model string
	var live bool
	c := &cobra.Command{
		Use:   "doctor --config FILE_OR_DIR [--live]",
		Short: "Check a configuration against its real providers",
		Long: `Check every instance of a configuration, a line each: address, connection, TLS,
credentials, models. With --live also what costs tokens, with the configured
keys: answers, streams, tools, thinking, count_tokens, the prompt cache,
canceling, and clients of the other dialects.

Exit status 1 when a check fails.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return usageError{errors.New("--config is missing")}
			}
			cfg, err := config.Load(path, config.Options{Env: w.env})
			if err != nil {
				fmt.Fprintln(w.err, err)
				return toldError{err}
			}
			if !doctor.Run(cmd.Context(), cfg, doctor.Options{Live: live, Model: model, Now: w.now, Report: func(r doctor.Result) { w.line(r) }}) {
				return errors.New("a check failed")
			}
			return nil
		},
	}
	c.Flags().StringVar(&path, "config", "", "a file, or a folder of *.hcl")
	c.Flags().BoolVar(&live, "live", false, "also make calls that cost tokens")
	c.Flags().StringVar(&model, "model", "", "the model to ask every provider for (default: one that a route names)")
	return c
}

// line prints a check.
func (w world) line(r doctor.Result) {
	status := string(r.Status)
	if w.colours() {
		colour := map[doctor.Status]string{doctor.Pass: "32", doctor.Fail: "31", doctor.Skip: "33"}[r.Status]
		status = "\x1b[" + colour + "m" + status + "\x1b[0m"
	}
	fmt.Fprintf(w.out, "%s  %-24s %-20s %6s  %s\n", status, r.Subject, r.Check, r.Took.Round(time.Millisecond), r.Detail)
}
