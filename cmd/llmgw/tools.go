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
	group := &cobra.Command{Use: "config", Short: "Check or show a configuration", RunE: func(*cobra.Command, []string) error {
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
			fmt.Fprintf(w.out, "valid: %d keys, %d providers, %d routes, digest %s\n", len(c.Keys), len(c.Providers), len(c.Routes), c.Digest())
			return nil
		}),
		sub("show", "Print the effective configuration, secrets masked", func(c *config.Config) error {
			_, err := w.out.Write(c.Show())
			return err
		}),
	)
	return group
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

func hashKeyCommand(w world) *cobra.Command {
	return &cobra.Command{Use: "hash-key", Short: "Print the digest of an API key read from standard input", Args: exactly(0, "no arguments: the key comes from standard input, where no process list shows it"), RunE: func(*cobra.Command, []string) error {
		line, err := bufio.NewReader(w.in).ReadString('\n')
		key := strings.TrimRight(line, "\r\n")
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
		fmt.Fprintf(w.out, "llmgw %s", version)
		if commit != "" {
			fmt.Fprintf(w.out, " (%s)", commit)
		}
		fmt.Fprintf(w.out, " %s\n", runtime.Version())
		return nil
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func completionCommand(w world) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print a shell's completion script: bash, zsh, fish, powershell", Args: exactly(1, "a shell: bash, zsh, fish or powershell"),
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

func envCommand(w world) *cobra.Command {
	var url string
	c := &cobra.Command{
		Use: "env CLIENT", Short: "Print the lines that point a client here: claude-code, codex, gemini, opencode, openai", Args: exactly(1, "a client: claude-code, codex, gemini, opencode or openai"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, ok := clients[args[0]]
			if !ok {
				return usageError{fmt.Errorf("no lines for %q: say claude-code, codex, gemini, opencode or openai", args[0])}
			}
			fmt.Fprint(w.out, strings.ReplaceAll(text, "URL", strings.TrimSuffix(url, "/")))
			return nil
		},
	}
	c.Flags().StringVar(&url, "url", "http://127.0.0.1:8080", "where the gateway listens")
	return c
}

// clients are the lines to paste; LLMGW_API_KEY holds the gateway's key.
var clients = map[string]string{
	"claude-code": "export ANTHROPIC_BASE_URL=URL\nexport ANTHROPIC_AUTH_TOKEN=\"$LLMGW_API_KEY\"\n",
	"gemini":      "export GOOGLE_GEMINI_BASE_URL=URL\nexport GEMINI_API_KEY=\"$LLMGW_API_KEY\"\n",
	"openai":      "export OPENAI_BASE_URL=URL/v1\nexport OPENAI_API_KEY=\"$LLMGW_API_KEY\"\n",
	"codex": `# ~/.codex/config.toml
model_provider = "llmgw"

[model_providers.llmgw]
name = "llmgw"
base_url = "URL/v1"
env_key = "LLMGW_API_KEY"
wire_api = "responses"
`,
	"opencode": `{
  "$schema": "https://opencode.ai/config.json",
  "provider": {
    "llmgw": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "llmgw",
      "options": { "baseURL": "URL/v1", "apiKey": "{env:LLMGW_API_KEY}" },
      "models": { "gpt-5": {}, "claude-sonnet-5": {} }
    }
  }
}
`,
}
