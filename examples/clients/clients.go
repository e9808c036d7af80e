package main

import (
	"os"
	"path/filepath"
	"strings"
)

// task is one run of a client: a folder of its own as HOME and working folder.
type task struct {
	dir, home, url, model, dialect string
	marker                         string // in the prompt: which requests are of this run
	result                         string // what only the tool knows
}

// client is something that speaks to the gateway.
type client struct {
	name, version, speaks, group string
	missing                      string                                       // why it cannot be installed
	command                      func(t task) (args, env []string, err error) // files that it needs are written here
	plain                        bool                                         // its output is the answer, not lines of JSON
}

// clients are all, in the order of the table.
func (in *installer) clients() []*client {
	list := in.agents()
	for _, c := range []struct{ name, version, speaks, file, way string }{
		{"openai-js", "7.57.0", "chat", "openai", "chat"},
		{"openai-js", "7.57.0", "responses", "openai", "responses"},
		{"openai-js", "7.57.0", "chat, by env", "openai", "chat@env"},
		{"openai-js", "6.49.0", "chat", "openai", "chat@6"},
		{"openai-js", "6.49.0", "responses", "openai", "responses@6"},
		{"anthropic-js", "1.14.0", "messages", "anthropic", "1"},
		{"anthropic-js", "0.122.0", "messages", "anthropic", "0"},
		{"genai-js", "3.3.0", "gemini", "genai", "3"},
		{"genai-js", "2.32.0", "gemini", "genai", "2"},
		{"vercel-ai", "7.0.173", "chat", "ai", "chat"},
		{"vercel-ai", "7.0.173", "chat (compatible)", "ai", "compatible"},
		{"vercel-ai", "7.0.173", "responses", "ai", "responses"},
		{"vercel-ai", "7.0.173", "messages", "ai", "messages"},
		{"vercel-ai", "7.0.173", "gemini", "ai", "google"},
		{"langchain-js", "1.6.0", "chat", "langchain", "chat"},
		{"langchain-js", "1.6.0", "responses", "langchain", "responses"},
		{"langchain-js", "1.5.11", "messages", "langchain", "messages"},
		{"langchain-js", "2.3.2", "gemini", "langchain", "google"},
	} {
		list = append(list, in.driver(c.name, c.version, c.speaks, c.file, c.way))
	}
	for _, c := range []struct{ name, version, speaks, file, way string }{
		{"openai-python", "3.57.0", "chat", "openai_sdk", "chat"},
		{"openai-python", "3.57.0", "responses", "openai_sdk", "responses"},
		{"anthropic-python", "2.14.0", "messages", "anthropic_sdk", ""},
		{"genai-python", "3.6.1", "gemini", "genai_sdk", ""},
		{"langchain-python", "1.7.4", "chat", "langchain_sdk", "chat"},
		{"langchain-python", "1.7.4", "responses", "langchain_sdk", "responses"},
		{"langchain-python", "1.7.10", "messages", "langchain_sdk", "messages"},
		{"langchain-python", "4.4.3", "gemini", "langchain_sdk", "google"},
	} {
		list = append(list, &client{name: c.name, version: c.version, speaks: c.speaks, group: "python", command: func(task) ([]string, []string, error) {
			return []string{filepath.Join(in.folder, "python", "bin", "python"), "-B", filepath.Join(in.source, "python", c.file+".py"), c.way}, []string{"LANGSMITH_TRACING=false"}, nil
		}})
	}
	return list
}

// driver is a script for an SDK of JavaScript. Packages are looked up beside the
// script, so scripts run where the packages are.
func (in *installer) driver(name, version, speaks, file, way string) *client {
	return &client{name: name, version: version, speaks: speaks, group: "sdks", command: func(t task) ([]string, []string, error) {
		to := filepath.Join(in.folder, "sdks")
		for _, f := range []string{"harness.mjs", file + ".mjs"} {
			if err := replace(filepath.Join(in.source, "sdks", f), filepath.Join(to, f)); err != nil {
				return nil, nil, err
			}
		}
		args, err := []string{in.node("sdks"), filepath.Join(to, file+".mjs"), way}, error(nil)
		if strings.HasSuffix(way, "@env") {
			args, err = in.exporting("openai", t, args...)
		}
		return args, []string{"LANGSMITH_TRACING=false"}, err
	}}
}

// replace copies a file whole: three runs of a client start at once.
func replace(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(to), ".new-")
	if err != nil {
		return err
	}
	_, err = t.Write(b)
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(t.Name(), to)
	}
	return err
}
