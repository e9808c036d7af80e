package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func envCommand(w world) *cobra.Command {
	var address string
	c := &cobra.Command{
		Use: "env CLIENT", Short: "Print the lines that point a client here: claude-code, codex, gemini, opencode, openai", ValidArgs: slices.Sorted(maps.Keys(clients)), Args: exactly(1, "a client: claude-code, codex, gemini, opencode or openai"),
		RunE: func(_ *cobra.Command, args []string) error {
			if u, err := url.Parse(address); err != nil || u.Host == "" {
				return usageError{fmt.Errorf("--url %q is no URL", address)}
			}
			text, ok := clients[args[0]]
			if !ok {
				return usageError{fmt.Errorf("no lines for %q: say claude-code, codex, gemini, opencode or openai", args[0])}
			}
			fmt.Fprint(w.out, strings.ReplaceAll(text, "{{gateway}}", strings.TrimRight(address, "/")))
			return nil
		},
	}
	c.Flags().StringVar(&address, "url", "http://127.0.0.1:8080", "where the gateway listens")
	return c
}

// clients are the lines to paste; LLMGW_API_KEY holds the gateway's key.
var clients = map[string]string{
	"claude-code": `export ANTHROPIC_BASE_URL={{gateway}}
export ANTHROPIC_AUTH_TOKEN="$LLMGW_API_KEY"
`,
	"gemini": `export GOOGLE_GEMINI_BASE_URL={{gateway}}
export GEMINI_API_KEY="$LLMGW_API_KEY"
# and ~/.gemini/settings.json: with a base URL it uses no API key unless told so
# {"security": {"auth": {"selectedType": "gemini-api-key"}}}
`,
	"openai": `export OPENAI_BASE_URL={{gateway}}/v1
export OPENAI_API_KEY="$LLMGW_API_KEY"
`,
	"codex": `# ~/.codex/config.toml
model_provider = "llmgw"

[model_providers.llmgw]
name = "llmgw"
base_url = "{{gateway}}/v1"
env_key = "LLMGW_API_KEY"
wire_api = "responses"
`,
	"opencode": `{
  "$schema": "https://opencode.ai/config.json",
  "provider": {
    "llmgw": {
      "npm": "@ai-sdk/openai",
      "name": "llmgw",
      "options": { "baseURL": "{{gateway}}/v1", "apiKey": "{env:LLMGW_API_KEY}" },
      "models": { "gpt-5.4": {}, "claude-sonnet-5": {}, "gemini-3-pro": {} }
    }
  }
}
`,
}
