package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// result is what one client did at one provider.
type result struct {
	client  *client
	dialect string
	skipped string // why it did not run

	starts, streams, calls, reads bool // as the provider saw it
	answers                       bool // as the client said it
	pieces                        int  // in which an SDK got the answer
	checks, passed                int  // of an SDK's other abilities
	took                          time.Duration
	trouble                       string
	troubles                      []string // of the checks
}

func (res *result) failed() bool {
	return res.skipped == "" && (!res.worked() || res.passed < res.checks || res.trouble != "")
}

func (res *result) worked() bool {
	return res.starts && res.streams && res.calls && res.reads && res.answers
}

// toolResults mark a tool's result in a request, in any dialect.
var toolResults = [][]byte{[]byte(`"tool_result"`), []byte(`"role":"tool"`), []byte(`_call_output"`), []byte(`"functionResponse"`)}

func carriesResult(body []byte) bool {
	return slices.ContainsFunc(toolResults, func(mark []byte) bool { return bytes.Contains(body, mark) })
}

// witness judges a run by what the provider saw of it.
func (res *result) witness(t task, requests []seen) {
	for _, s := range requests {
		if !bytes.Contains(s.Body, []byte(t.marker)) {
			continue
		}
		res.starts = true
		res.streams = res.streams || strings.HasSuffix(s.Path, ":streamGenerateContent") || bytes.Contains(s.Body, []byte(`"stream":true`))
		res.calls = res.calls || carriesResult(s.Body)
		res.reads = res.reads || bytes.Contains(s.Body, []byte(t.result))
		if strings.Contains(fmt.Sprint(s.Header, s.Path), clientKey) || bytes.Contains(s.Body, []byte(clientKey)) {
			res.trouble = "the client's key reached the provider"
		}
	}
	if res.pieces == 1 {
		res.streams, res.trouble = false, "the answer came in one piece"
	}
}

func yes(ok bool) string {
	if ok {
		return "yes"
	}
	return "NO"
}

const row = "%-17s %-8s %-18s %-10s %-7s %-8s %-6s %-6s %-8s %-7s %6s\n"

func (res *result) row() string {
	c := res.client
	if res.skipped != "" {
		return fmt.Sprintf("%-17s %-8s %-18s %-10s skipped: %s\n", c.name, c.version, c.speaks, res.dialect, res.skipped)
	}
	checks := "-"
	if res.checks > 0 {
		checks = fmt.Sprintf("%d/%d", res.passed, res.checks)
	}
	return fmt.Sprintf(row, c.name, c.version, c.speaks, res.dialect, yes(res.starts), yes(res.streams), yes(res.calls), yes(res.reads), yes(res.answers), checks, res.took.Round(100*time.Millisecond))
}

// line is a row, and what went wrong below it.
func (res *result) line() string {
	s := res.row()
	for _, t := range append([]string{res.trouble}, res.troubles...) {
		if t = strings.TrimSpace(t); t != "" {
			s += "    " + strings.ReplaceAll(t, "\n", " ") + "\n"
		}
	}
	return s
}

func heading() string {
	return fmt.Sprintf(row, "client", "version", "speaks", "provider", "starts", "streams", "calls", "reads", "answers", "checks", "took")
}

func summary(results []result) string {
	worked, failed, skipped, checks, passed := 0, 0, 0, 0, 0
	for _, res := range results {
		switch {
		case res.skipped != "":
			skipped++
		case res.failed():
			failed++
		default:
			worked++
		}
		checks, passed = checks+res.checks, passed+res.passed
	}
	return fmt.Sprintf("%d work, %d do not, %d skipped; %d of %d other checks pass", worked, failed, skipped, passed, checks)
}
