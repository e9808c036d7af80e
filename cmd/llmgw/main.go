// Command llmgw is a self-hosted LLM gateway: a node, and the tools around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// version and commit are set by the linker (Makefile).
var (
	version = "dev"
	commit  = ""
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], world{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}))
}

// world is what a command touches besides the network and files.
type world struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
}

func (w world) getenv(name, fallback string) string {
	if v, ok := w.env(name); ok && v != "" {
		return v
	}
	return fallback
}

// usageError is a command line that is wrong: exit status 2.
type usageError struct{ error }

// toldError has been printed already.
type toldError struct{ error }

// run is the whole program: 0 done, 1 it failed, 2 the command line is wrong.
func run(ctx context.Context, args []string, w world) int {
	root := newRoot(w)
	root.SetArgs(normalize(args))
	root.SetIn(w.in)
	root.SetOut(w.out)
	root.SetErr(w.err)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var told toldError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &told):
		return 1
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"):
		fmt.Fprintf(w.err, "llmgw: %v\nRun 'llmgw --help' for the commands.\n", err)
		return 2
	default:
		fmt.Fprintf(w.err, "llmgw: %v\n", err)
		return 1
	}
}

// normalize makes -flag the same as --flag. Single letters stay: -h.
func normalize(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(a) > 2 && a[0] == '-' && a[1] != '-' && (a[1] < '0' || a[1] > '9') {
			a = "-" + a
		}
		out[i] = a
	}
	return out
}

func newRoot(w world) *cobra.Command {
	root := &cobra.Command{
		Use:               "llmgw",
		Short:             "A self-hosted LLM gateway: one binary, one HCL file, any number of nodes",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true, DisableDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_ = c.Help() // to standard output, which is all that can fail
			return usageError{errors.New("a command is missing")}
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		startCommand(w), stopCommand(w), reloadCommand(w),
		membersCommand(w), ringCommand(w), instancesCommand(w), sessionsCommand(w),
		configCommand(w), demoCommand(w), mockCommand(w), envCommand(w),
		keygenCommand(w), hashKeyCommand(w), versionCommand(w), completionCommand(w),
	)
	return root
}

// exactly is cobra's argument check with our exit status.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("expected %s, got %d arguments", what, len(args))}
		}
		return nil
	}
}

func atMost(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usageError{fmt.Errorf("expected %s, got %d arguments", what, len(args))}
		}
		return nil
	}
}
