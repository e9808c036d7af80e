package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// compare sends the same conversations twice to stand-ins that bill a prompt
// cache as Anthropic does: through a cluster, and round robin over the
// instances, as a gateway without a ring and sessions spreads them.
func compare(ctx context.Context, w world, nodes int) error {
	rows := make([]counts, 2)
	for i, ring := range []bool{true, false} {
		f, err := newFleet(nodes, []string{"east", "west", "north", "south"}, nil)
		if err != nil {
			return err
		}
		rows[i], err = f.converse(ctx, ring)
		f.close()
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w.out, "%d conversations of %d turns with claude-sonnet-5, %d nodes, 4 instances, a system prompt of about %d tokens.\n\n",
		len(demoKeys), turns, nodes, len(handbook)/4)
	err := w.table("RING\tREQUESTS\tINPUT\tCACHE WRITE\tCACHE READ\tHITS\tCOST", func(row rowFunc) {
		for i, name := range []string{"on", "off: round robin"} {
			c := rows[i]
			row(calm, name, c.Requests, c.Input, c.CacheWrite, c.CacheRead, c.hits(), fmt.Sprintf("$%.4f", c.CostUSD))
		}
	})
	if err != nil {
		return err
	}
	on, off := rows[0].CostUSD, rows[1].CostUSD
	_, err = fmt.Fprintf(w.out, "\nWith the ring the same answers cost %.0f%% less.\n", 100*(off-on)/off)
	return err
}

const turns = 12

// handbook is a system prompt as agents have them: long, and the same each time.
var handbook = strings.Repeat("Answer politely, cite the handbook, and never promise what it does not say. ", 160)

// prices of the demo's models, USD per million tokens.
var prices = struct{ input, output, read, write float64 }{3, 15, 0.30, 3.75}

func (f *fleet) converse(ctx context.Context, ring bool) (counts, error) {
	var sum counts
	var targets []string
	for name, address := range f.addresses {
		if strings.HasPrefix(name, "anthropic/") && !ring {
			targets = append(targets, address)
		}
	}
	history := make([][]map[string]any, len(demoKeys))
	for turn := range turns {
		for i, k := range demoKeys {
			target := f.front.addr
			if !ring {
				target = targets[(turn*len(demoKeys)+i+turn)%len(targets)] // one on each turn
			}
			history[i] = append(history[i], map[string]any{"role": "user", "content": []any{map[string]any{
				"type": "text", "text": fmt.Sprintf("Question %d of %s. %s", turn, k.name, strings.Repeat("Please explain. ", 20)),
				"cache_control": map[string]string{"type": "ephemeral"},
			}}})
			answer, c, err := say(ctx, target, k.key, k.name, history[i])
			if err != nil {
				return sum, err
			}
			for _, m := range history[i] { // the mark moves on with the conversation
				if content, ok := m["content"].([]any); ok {
					delete(content[0].(map[string]any), "cache_control")
				}
			}
			history[i] = append(history[i], map[string]any{"role": "assistant", "content": answer})
			sum.Requests++
			sum.Input += c.Input
			sum.Output += c.Output
			sum.CacheRead += c.CacheRead
			sum.CacheWrite += c.CacheWrite
		}
	}
	sum.CostUSD = (float64(sum.Input)*prices.input + float64(sum.Output)*prices.output + float64(sum.CacheRead)*prices.read + float64(sum.CacheWrite)*prices.write) / 1e6
	return sum, nil
}

// say sends one turn, and returns the answer's text and what it was billed.
func say(ctx context.Context, target, key, user string, messages []map[string]any) (string, counts, error) {
	body, err := json.Marshal(map[string]any{
		"model": "claude-sonnet-5", "max_tokens": 256, "thinking": map[string]string{"type": "disabled"}, "messages": messages,
		"system": []any{
			map[string]any{"type": "text", "text": handbook, "cache_control": map[string]string{"type": "ephemeral"}},
			map[string]any{"type": "text", "text": "You are talking to " + user + "."},
		},
	})
	if err != nil {
		return "", counts{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+target+"/v1/messages", bytes.NewReader(body))
	if err != nil {
		return "", counts{}, err
	}
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", counts{}, err
	}
	defer resp.Body.Close()
	var v struct {
		Error   struct{ Message string }
		Content []struct{ Text string }
		Usage   struct {
			Input  int64 `json:"input_tokens"`
			Output int64 `json:"output_tokens"`
			Read   int64 `json:"cache_read_input_tokens"`
			Write  int64 `json:"cache_creation_input_tokens"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		return "", counts{}, err
	}
	if resp.StatusCode != http.StatusOK || len(v.Content) == 0 {
		return "", counts{}, fmt.Errorf("HTTP %d: %s", resp.StatusCode, v.Error.Message)
	}
	return v.Content[0].Text, counts{Input: v.Usage.Input, Output: v.Usage.Output, CacheRead: v.Usage.Read, CacheWrite: v.Usage.Write}, nil
}
