package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// agents are run as a script would: one prompt, no terminal, tools allowed, and
// what "llmgw env" prints pasted where a user would paste it.
func (in *installer) agents() []*client {
	modules := filepath.Join(in.folder, "agents", "node_modules")
	agent := func(name, version, speaks string, command func(task) ([]string, []string, error)) *client {
		return &client{name: name, version: version, speaks: speaks, group: "agents", plain: true, command: command}
	}
	list := []*client{
		agent("claude-code", "2.1.197", "messages", func(t task) ([]string, []string, error) {
			args, err := in.exporting("claude-code", t, filepath.Join(modules, "@anthropic-ai", "claude-code-linux-x64", "claude"), "-p", t.prompt(), "--model", t.model, "--allowedTools", "Bash(cat:*)")
			return args, []string{"ANTHROPIC_DEFAULT_HAIKU_MODEL=" + t.model, "IS_SANDBOX=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1"}, err
		}),
		agent("codex", "0.169.0", "responses", func(t task) ([]string, []string, error) {
			text, err := in.pasted("codex", t)
			if err == nil {
				err = write(filepath.Join(t.home, ".codex", "config.toml"), "check_for_update_on_startup = false\n"+text+"\n[analytics]\nenabled = false\n")
			}
			return []string{in.node("agents"), filepath.Join(modules, "@openai", "codex", "bin", "codex.js"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", t.model, t.prompt()}, nil, err
		}),
		agent("gemini-cli", "0.61.0", "gemini", func(t task) ([]string, []string, error) {
			text, err := in.pasted("gemini", t)
			if err != nil {
				return nil, nil, err
			}
			_, settings, _ := strings.Cut(text, "\n# {")
			settings = "{" + strings.TrimSuffix(strings.TrimSpace(settings), "}") + `,
  "privacy": {"usageStatisticsEnabled": false}, "telemetry": {"enabled": false}, "general": {"enableAutoUpdate": false}
}`
			if err := write(filepath.Join(t.home, ".gemini", "settings.json"), settings); err != nil {
				return nil, nil, err
			}
			args, err := in.exporting("gemini", t, in.node("agents"), filepath.Join(modules, "@google", "gemini-cli", "bundle", "gemini.js"), "-p", t.prompt(), "-m", t.model, "--yolo")
			return args, []string{"GEMINI_CLI_TRUST_WORKSPACE=true"}, err
		}),
	}
	for _, o := range []struct{ speaks, npm string }{
		{"responses", "@ai-sdk/openai"}, // as llmgw env has it
		{"chat", "@ai-sdk/openai-compatible"},
		{"messages", "@ai-sdk/anthropic"},
	} {
		list = append(list, agent("opencode", "1.18.33", o.speaks, func(t task) ([]string, []string, error) {
			text, err := in.pasted("opencode", t)
			text = strings.Replace(text, "@ai-sdk/openai", o.npm, 1)
			if o.speaks == "chat" && t.dialect == "openai" {
				// It sends max_tokens, which OpenAI's later models refuse from anybody.
				text, t.model = strings.Replace(text, t.model, "gpt-4.1", 1), "gpt-4.1"
			}
			if err == nil {
				err = write(filepath.Join(t.dir, "opencode.json"), text)
			}
			return []string{filepath.Join(modules, "opencode-linux-x64", "bin", "opencode"), "run", "--model", "llmgw/" + t.model, t.prompt()},
				[]string{"OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1", "OPENCODE_DISABLE_SHARE=1"}, err
		}))
	}
	return list
}

func (t task) prompt() string { return "Read the file note.txt and tell me what it says. " + t.marker }

// pasted is what "llmgw env" prints for a client.
func (in *installer) pasted(name string, t task) (string, error) {
	out, err := exec.Command(in.program, "env", name, "--url", t.url).Output()
	if err != nil {
		return "", fmt.Errorf("llmgw env %s: %w", name, err)
	}
	return string(out), nil
}

// exporting runs a command in a shell that was given the lines to paste.
func (in *installer) exporting(name string, t task, args ...string) ([]string, error) {
	lines, err := in.pasted(name, t)
	return append([]string{"sh", "-c", lines + `exec "$0" "$@"`}, args...), err
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
