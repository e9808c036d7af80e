package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llmgw/llmgw/gateway/config"
)

func configCommand(w world) *cobra.Command {
	group := &cobra.Command{Use: "config", Short: "Check or show a configuration", Args: known, RunE: func(*cobra.Command, []string) error {
		return usageError{errors.New("say 'config validate' or 'config show'")}
	}}
	sub := func(use, short string, do func(c *config.Config) error) *cobra.Command {
		var path string
		c := &cobra.Command{Use: use + " --config FILE_OR_DIR", Short: short, Args: exactly(0, "no arguments"), RunE: func(*cobra.Command, []string) error {
			if path == "" {
				return usageError{errors.New("--config is missing")}
			}
			cfg, err := config.Load(path, config.Options{Env: w.env})
			if err != nil {
				fmt.Fprintln(w.err, err)
				return toldError{err}
			}
			for _, warning := range cfg.Warnings() {
				fmt.Fprintln(w.err, warning)
			}
			return do(cfg)
		}}
		c.Flags().StringVar(&path, "config", "", "a file, or a folder of *.hcl")
		return c
	}
	group.AddCommand(
		sub("validate", "Check a configuration: every error with its file and line", func(c *config.Config) error {
			fmt.Fprintf(w.out, "valid: %s, %s, %s, digest %s\n", many(len(c.Keys), "key"), many(len(c.Providers), "provider"), many(len(c.Routes), "route"), c.Digest())
			return nil
		}),
		sub("show", "Print the effective configuration, secrets masked", func(c *config.Config) error {
			_, err := w.out.Write(c.Show())
			return err
		}),
	)
	return group
}

func many(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func keygenCommand(w world) *cobra.Command {
	return &cobra.Command{Use: "keygen", Short: "Make a cluster secret", Args: exactly(0, "no arguments"), RunE: func(*cobra.Command, []string) error {
		b := make([]byte, 32)
		if _, err := rand.Read(b); err != nil {
			return err
		}
		fmt.Fprintln(w.out, base64.StdEncoding.EncodeToString(b))
		return nil
	}}
}

// unsaid refuses arguments without repeating them: one of them is a key.
func unsaid(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("the key comes on standard input, where no process list shows it")}
	}
	return nil
}

func hashKeyCommand(w world) *cobra.Command {
	return &cobra.Command{Use: "hash-key", Short: "Print the digest of an API key read from standard input", Args: unsaid, RunE: func(*cobra.Command, []string) error {
		in := bufio.NewReader(w.in)
		line, err := in.ReadString('\n')
		key := strings.TrimRight(line, "\r\n")
		if key != strings.TrimSpace(key) || in.Buffered() > 0 {
			return errors.New("a key is one line without white space around it; standard input holds more")
		}
		if key == "" {
			return fmt.Errorf("no key on standard input (%v); try: printf %%s \"$KEY\" | llmgw hash-key", err)
		}
		fmt.Fprintf(w.out, "%x\n", sha256.Sum256([]byte(key)))
		return nil
	}}
}

func versionCommand(w world) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "version", Short: "Print version, commit and Go", Args: exactly(0, "no arguments"), RunE: func(*cobra.Command, []string) error {
		if asJSON {
			return json.NewEncoder(w.out).Encode(map[string]string{"version": version, "commit": commit, "go": runtime.Version()})
		}
		fmt.Fprintln(w.out, versionLine())
		return nil
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func versionLine() string {
	if commit == "" {
		return "llmgw " + version + " " + runtime.Version()
	}
	return "llmgw " + version + " (" + commit + ") " + runtime.Version()
}

func completionCommand(w world) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print a shell's completion script: bash, zsh, fish, powershell", ValidArgs: []string{"bash", "zsh", "fish", "powershell"}, Args: exactly(1, "a shell: bash, zsh, fish or powershell"),
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(w.out, true)
			case "zsh":
				return c.Root().GenZshCompletion(w.out)
			case "fish":
				return c.Root().GenFishCompletion(w.out, true)
			case "powershell":
				return c.Root().GenPowerShellCompletionWithDesc(w.out)
			}
			return usageError{fmt.Errorf("no completion for %q: say bash, zsh, fish or powershell", args[0])}
		},
	}
}
