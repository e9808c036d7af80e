package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/mock"
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

func mockCommand(w world) *cobra.Command {
	var listen, key string
	o := mock.Options{Name: "mock"}
	c := &cobra.Command{
		Use: "mock --listen ADDRESS --dialect DIALECT", Short: "Run a stand-in provider", Args: exactly(0, "no arguments"),
		Long: `Run a stand-in provider for tests: no network, no key, no cost.

A request's header "x-mock" scripts its answer: status=503, retry-after=2s,
delay=1s, hang, close, close-after-headers, cut-after=3, error-after=3,
tool=NAME, text=..., tokens=N, event-delay=10ms; several with commas.
POST /mock/script takes one such line for each of the next requests,
POST /mock/down?down=true|false, GET /mock/requests shows what was seen.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains([]string{"openai", "anthropic", "gemini"}, o.Dialect) {
				return usageError{errors.New("--dialect must be openai, anthropic or gemini")}
			}
			o.APIKey = w.getenv(key, "")
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen %q: %w", listen, err)
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			s := &http.Server{Handler: mock.New(o), ReadHeaderTimeout: 10 * time.Second}
			fmt.Fprintf(w.out, "a stand-in %s provider listens on http://%s\n", o.Dialect, l.Addr())
			done := context.AfterFunc(ctx, func() { _ = s.Close() })
			defer done()
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9999", "address")
	f.StringVar(&o.Dialect, "dialect", "", "openai, anthropic or gemini")
	f.StringVar(&o.Name, "name", "mock", "shown in answers")
	f.StringVar(&key, "api-key-env", "", "the variable that holds the key it accepts (default: any key)")
	f.DurationVar(&o.Delay, "delay", 0, "before the first byte")
	f.DurationVar(&o.EventDelay, "event-delay", 0, "between two events of a stream")
	f.IntVar(&o.Tokens, "tokens", 16, "words of an answer")
	return c
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
