package mock

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Step scripts how one request is answered. The zero Step answers normally.
type Step struct {
	Status             int           // of an error in the dialect's form
	RetryAfter         time.Duration // told with Status
	Delay              time.Duration // before the first byte
	EventDelay         time.Duration // between two events of a stream
	Hang               bool          // not a byte until the client goes
	CloseBeforeHeaders bool
	CloseAfterHeaders  bool   // a 200's head, then the connection breaks
	CutAfterEvents     int    // the connection breaks behind so many events of a stream
	EndAfterEvents     int    // the stream ends cleanly, but too early, behind so many events
	ErrorAfterEvents   int    // the dialect's error event behind so many events
	Overload           bool   // a 200 whose stream starts with an overload error
	Text               string // the answer; no tool is called
	Echo               bool   // the answer is the last user's text; no tool is called
	Tokens             int    // words of the answer
	Tool               string // call this tool, declared or not
	Calls              int    // so many parallel tool calls; default 1
	NoTool             bool   // answer with text although there are tools
	Reasoning          string // think this aloud, asked or not
	Stop               string // the stop or finish reason to give
}

// directives are the words that script a step, here and in `llmgw mock --help`.
var directives = map[string]func(s *Step, value string) error{
	"status": func(s *Step, v string) (err error) {
		if s.Status, err = strconv.Atoi(v); err == nil && (s.Status < 400 || s.Status > 599) {
			err = fmt.Errorf("%d is no status of an error", s.Status)
		}
		return err
	},
	"retry-after":         func(s *Step, v string) (err error) { s.RetryAfter, err = wait(v); return err },
	"delay":               func(s *Step, v string) (err error) { s.Delay, err = wait(v); return err },
	"event-delay":         func(s *Step, v string) (err error) { s.EventDelay, err = wait(v); return err },
	"hang":                func(s *Step, v string) (err error) { s.Hang, err = yes(v); return err },
	"close":               func(s *Step, v string) (err error) { s.CloseBeforeHeaders, err = yes(v); return err },
	"close-after-headers": func(s *Step, v string) (err error) { s.CloseAfterHeaders, err = yes(v); return err },
	"cut-after":           func(s *Step, v string) (err error) { s.CutAfterEvents, err = count(v); return err },
	"end-after":           func(s *Step, v string) (err error) { s.EndAfterEvents, err = count(v); return err },
	"error-after":         func(s *Step, v string) (err error) { s.ErrorAfterEvents, err = count(v); return err },
	"overload-in-stream":  func(s *Step, v string) (err error) { s.Overload, err = yes(v); return err },
	"text":                func(s *Step, v string) error { s.Text = v; return nil },
	"echo":                func(s *Step, v string) (err error) { s.Echo, err = yes(v); return err },
	"tokens":              func(s *Step, v string) (err error) { s.Tokens, err = count(v); return err },
	"tool":                func(s *Step, v string) error { s.Tool = v; return nil },
	"calls":               func(s *Step, v string) (err error) { s.Calls, err = count(v); return err },
	"no-tool":             func(s *Step, v string) (err error) { s.NoTool, err = yes(v); return err },
	"reasoning":           func(s *Step, v string) error { s.Reasoning = v; return nil },
	"stop":                func(s *Step, v string) error { s.Stop = v; return nil },
}

// wait reads a duration; a bare number is seconds, as in retry-after.
func wait(v string) (time.Duration, error) {
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(v)
}

func count(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err == nil && (n < 1 || n > 1_000_000) {
		err = fmt.Errorf("%d is not between 1 and 1000000", n)
	}
	return n, err
}

func yes(v string) (bool, error) {
	if v == "" {
		return true, nil
	}
	return strconv.ParseBool(v)
}

// set reads one directive into the step.
func (s *Step) set(name, value string) error {
	do := directives[name]
	if do == nil {
		return fmt.Errorf("no directive is called %q", name)
	}
	if err := do(s, value); err != nil {
		return fmt.Errorf("directive %s=%q: %w", name, value, err)
	}
	return nil
}

// parse reads "status=503,delay=2s,hang" into the step. A comma in a value is
// not possible here; a header of its own takes any value.
func (s *Step) parse(line string) error {
	for part := range strings.SplitSeq(line, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if name == "" {
			continue
		}
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// direct reads what a request itself says: the header "x-mock", a header
// "x-mock-NAME" for a directive, and a model's name behind "+".
func (s *Step) direct(h http.Header, model string) error {
	for name, values := range h {
		rest, ok := strings.CutPrefix(strings.ToLower(name), "x-mock")
		if !ok {
			continue
		}
		for _, v := range values {
			var err error
			if rest == "" {
				err = s.parse(v)
			} else {
				err = s.set(strings.TrimPrefix(rest, "-"), v)
			}
			if err != nil {
				return err
			}
		}
	}
	if _, script, ok := strings.Cut(model, "+"); ok {
		return s.parse(script)
	}
	return nil
}
