// Command llmgw is a self-hosted LLM gateway: a node, and the tools around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// version and commit are set by the linker (Makefile).
var (
	version = "dev"
	commit  = ""
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], world{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv, now: time.Now, terminal: isTerminal(os.Stdout)}))
}

// world is what a command touches besides the network and files.
type world struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	now      func() time.Time
	terminal bool // out is one
}

// to is the same world with another output.
func (w world) to(out io.Writer) world {
	w.out = out
	return w
}

// colours tells whether output may be coloured (https://no-color.org).
func (w world) colours() bool { return w.terminal && w.getenv("NO_COLOR", "") == "" }

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
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
	case errors.As(err, &usage):
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
		Args:              known,
		Version:           versionLine(),
		RunE: func(c *cobra.Command, _ []string) error {
			c.SetOut(w.err)
			_ = c.Help() // to standard error, which is all that can fail
			return usageError{errors.New("a command is missing")}
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(&cobra.Command{
		Use: "help [command]", Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return known(of, rest)
			}
			of.InitDefaultHelpFlag() // as --help does
			return of.Help()
		},
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		startCommand(w), stopCommand(w), reloadCommand(w),
		membersCommand(w), ringCommand(w), instancesCommand(w), sessionsCommand(w), limitsCommand(w), statsCommand(w),
		configCommand(w), doctorCommand(w), demoCommand(w), mockCommand(w), envCommand(w),
		keygenCommand(w), hashKeyCommand(w), versionCommand(w), completionCommand(w),
	)
	return root
}

// known refuses a word that is no command, with those that look like it.
func known(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("no command is called %q", strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), c.Root().Name())+" "+args[0]))
	if list := c.SuggestionsFor(args[0]); len(list) > 0 {
		text += "; did you mean " + strings.Join(list, " or ") + "?"
	}
	return usageError{errors.New(text)}
}

// got says what was given in place of what was expected.
func got(what string, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("expected %s", what)}
	}
	return usageError{fmt.Errorf("expected %s, got %q", what, args)}
}

// exactly is cobra's argument check with our exit status.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return got(what, args)
		}
		return nil
	}
}

func atMost(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return got(what, args)
		}
		return nil
	}
}
