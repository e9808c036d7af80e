// Tools shows the loop of a program whose model calls a function of it, in
// OpenAI's form, for a model of each provider: ask, run what is called, send
// the results, until the answer is text.
//
//	LLMGW_URL=http://127.0.0.1:8080 LLMGW_KEY=demo-key go run tools.go [MODEL ...]
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

// message is kept as it came: a provider's signatures, which the gateway puts
// into fields of its own, must go back with it.
type message map[string]any

var tools = json.RawMessage(`[{"type": "function", "function": {
	"name": "weather",
	"description": "Tells the weather of a city.",
	"parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
}}]`)

func main() {
	models := os.Args[1:]
	if len(models) == 0 {
		models = []string{"gpt-5", "claude-sonnet-5", "gemini-3-pro"}
	}
	for _, model := range models {
		if err := converse(model); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", model, err)
			os.Exit(1)
		}
	}
}

func converse(model string) error {
	messages := []message{{"role": "user", "content": "What is the weather in Paris?"}}
	for range 10 {
		answer, err := ask(model, messages)
		if err != nil {
			return err
		}
		messages = append(messages, answer)
		calls, _ := answer["tool_calls"].([]any)
		if len(calls) == 0 {
			fmt.Printf("%s says: %v\n", model, answer["content"])
			return nil
		}
		for _, c := range calls {
			id, result := run(model, c)
			messages = append(messages, message{"role": "tool", "tool_call_id": id, "content": result})
		}
	}
	return fmt.Errorf("it calls tools for ever")
}

// run does what the model asks for.
func run(model string, c any) (id any, result string) {
	call, _ := c.(map[string]any)
	function, _ := call["function"].(map[string]any)
	var arguments struct{ City string }
	text, _ := function["arguments"].(string)
	if err := json.Unmarshal([]byte(text), &arguments); err != nil {
		return call["id"], "Error: the arguments are no JSON."
	}
	fmt.Printf("%s calls %v with %s\n", model, function["name"], text)
	return call["id"], "Sunny, 21 degrees."
}

func ask(model string, messages []message) (message, error) {
	body, err := json.Marshal(map[string]any{"model": model, "messages": messages, "tools": tools})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest("POST", cmp.Or(os.Getenv("LLMGW_URL"), "http://127.0.0.1:8080")+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+cmp.Or(os.Getenv("LLMGW_KEY"), "demo-key"))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct{ Choices []struct{ Message message } }
	if err := json.Unmarshal(b, &answer); err != nil || resp.StatusCode != 200 || len(answer.Choices) != 1 {
		return nil, fmt.Errorf("HTTP %d: %s", resp.StatusCode, b)
	}
	return answer.Choices[0].Message, nil
}
