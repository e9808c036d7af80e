package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// agents are run as a script would: one prompt, no terminal, tools allowed.
func (in *installer) agents() []*client {
	modules := filepath.Join(in.folder, "agents", "node_modules")
	agent := func(name, version, speaks string, command func(task) ([]string, []string, error)) *client {
		return &client{name: name, version: version, speaks: speaks, group: "agents", plain: true, command: command}
	}
	list := []*client{
		agent("claude-code", "2.1.197", "messages", func(t task) ([]string, []string, error) {
			return []string{filepath.Join(modules, "@anthropic-ai", "claude-code-linux-x64", "claude"), "-p", t.prompt(), "--model", t.model, "--allowedTools", "Bash(cat:*)"},
				[]string{
					"ANTHROPIC_BASE_URL=" + t.url, "ANTHROPIC_AUTH_TOKEN=" + clientKey, "ANTHROPIC_DEFAULT_HAIKU_MODEL=" + t.model,
					"IS_SANDBOX=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1",
				}, nil
		}),
		agent("codex", "0.169.0", "responses", func(t task) ([]string, []string, error) {
			err := write(filepath.Join(t.home, ".codex", "config.toml"), fmt.Sprintf(`model_provider = "llmgw"
check_for_update_on_startup = false
[model_providers.llmgw]
name = "llmgw"
base_url = "%s/v1"
env_key = "LLMGW_API_KEY"
wire_api = "responses"
[analytics]
enabled = false
`, t.url))
			return []string{in.node("agents"), filepath.Join(modules, "@openai", "codex", "bin", "codex.js"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", t.model, t.prompt()}, nil, err
		}),
		agent("gemini-cli", "0.61.0", "gemini", func(t task) ([]string, []string, error) {
			err := write(filepath.Join(t.home, ".gemini", "settings.json"), `{
  "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": false}},
  "privacy": {"usageStatisticsEnabled": false}, "telemetry": {"enabled": false}, "general": {"enableAutoUpdate": false}
}`)
			return []string{in.node("agents"), filepath.Join(modules, "@google", "gemini-cli", "bundle", "gemini.js"), "-p", t.prompt(), "-m", t.model, "--yolo"},
				[]string{"GOOGLE_GEMINI_BASE_URL=" + t.url, "GEMINI_API_KEY=" + clientKey, "GEMINI_CLI_TRUST_WORKSPACE=true"}, err
		}),
	}
	for _, o := range []struct{ speaks, npm string }{
		{"chat", "@ai-sdk/openai-compatible"},
		{"responses", "@ai-sdk/openai"},
		{"messages", "@ai-sdk/anthropic"},
	} {
		list = append(list, agent("opencode", "1.18.33", o.speaks, func(t task) ([]string, []string, error) {
			if o.speaks == "chat" && t.dialect == "openai" {
				t.model = "gpt-4.1" // it sends max_tokens, which OpenAI's later models refuse from anybody
			}
			err := write(filepath.Join(t.dir, "opencode.json"), fmt.Sprintf(`{
  "$schema": "https://opencode.ai/config.json", "autoupdate": false, "share": "disabled",
  "provider": {"llmgw": {"npm": %q, "name": "llmgw", "options": {"baseURL": "%s/v1", "apiKey": "{env:LLMGW_API_KEY}"}, "models": {%q: {}}}},
  "small_model": "llmgw/%s"
}`, o.npm, t.url, t.model, t.model))
			return []string{filepath.Join(modules, "opencode-linux-x64", "bin", "opencode"), "run", "--model", "llmgw/" + t.model, t.prompt()},
				[]string{"OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1"}, err
		}))
	}
	return list
}

func (t task) prompt() string { return "Read the file note.txt and tell me what it says. " + t.marker }

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
