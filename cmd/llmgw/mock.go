package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/llmgw/llmgw/gateway/mock"
)

const mockHelp = `Run a stand-in provider for tests: no network, no key, no cost.

It judges requests as the real API does (unknown fields, wrong types, tool
results that are missing, what a model's generation refuses, ...) and answers
them, streamed and not:

  openai     /v1/chat/completions, /v1/responses, /v1/responses/input_tokens,
             /v1/embeddings, /v1/models
  anthropic  /v1/messages, /v1/messages/count_tokens, /v1/models
  gemini     /v1beta/models/MODEL:generateContent, :streamGenerateContent,
             :countTokens, :embedContent, :batchEmbedContents, /v1beta/models

A request with tools is answered with a call of the first one, with arguments
that its schema takes; the tool's result is then answered with text. Reasoning
comes signed, and its signature is checked when it comes back. The prompt cache
is simulated: Anthropic's marks, the others' automatic prefix of 1024 tokens.

A request scripts its own answer by directives, three ways:

  x-mock: status=503,retry-after=2s     a header with several
  x-mock-status: 503                    a header for each
  "model": "gpt-5+status=503,delay=1s"  behind the model's name

  status=N            an error of that status in the dialect's form
  retry-after=2s      told with it (Gemini: RetryInfo in the body)
  delay=1s            before the first byte
  event-delay=10ms    between two events of a stream
  hang                not a byte until the client goes
  close               the connection breaks before the answer's head
  close-after-headers ... right after it
  cut-after=N         ... behind N events of the stream
  end-after=N         the stream ends cleanly, but too early, behind N events
  error-after=N       the dialect's error event behind N events
  overload-in-stream  a 200 whose stream starts with an overload error
  text=...  echo      the answer: this text; the last user's text
  tokens=N            words of the answer
  tool=NAME  calls=N  no-tool   call this one; N in parallel; none
  reasoning=...       think this aloud, asked or not
  stop=REASON         the stop or finish reason

From another process: POST /mock/script takes such a line for each of the next
requests, POST /mock/down?down=true|false makes all fail or ends that, POST
/mock/reset forgets, GET /mock/requests shows what was seen.`

func mockCommand(w world) *cobra.Command {
	var listen, key string
	var tools []string
	var status int
	o := mock.Options{Name: "mock"}
	c := &cobra.Command{
		Use: "mock --listen ADDRESS --dialect DIALECT", Short: "Run a stand-in provider for tests", Args: exactly(0, "no arguments"), Long: mockHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case !slices.Contains([]string{"openai", "anthropic", "gemini"}, o.Dialect):
				return usageError{errors.New("--dialect must be openai, anthropic or gemini")}
			case status != 0 && (status < 400 || status > 599):
				return usageError{errors.New("--status must be 400 to 599")}
			case o.FailEvery < 0 || o.Tokens < 1:
				return usageError{errors.New("--fail-every and --tokens must be positive")}
			}
			if o.FailStatus = status; status != 0 && o.FailEvery == 0 {
				o.FailEvery = 1
			}
			o.APIKey, o.Tools = w.getenv(key, ""), map[string]string{}
			for _, t := range tools {
				name, input, ok := strings.Cut(t, "=")
				if !ok {
					return usageError{fmt.Errorf("--tool %q is not NAME=INPUT", t)}
				}
				o.Tools[name] = input
			}
			return serveMock(c.Context(), w, listen, o)
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9999", "address; port 0: any free one, which is printed")
	f.StringVar(&o.Dialect, "dialect", "", "openai, anthropic or gemini")
	f.StringVar(&o.Name, "name", "mock", "shown in answers and in the header x-mock-instance")
	f.StringVar(&key, "api-key-env", "", "the variable that holds the key it accepts (default: any key)")
	f.DurationVar(&o.Delay, "delay", 0, "before the first byte")
	f.DurationVar(&o.EventDelay, "event-delay", 0, "between two events of a stream")
	f.IntVar(&o.Tokens, "tokens", 16, "words of an answer")
	f.StringArrayVar(&tools, "tool", nil, "a tool to call before others, and its input, as `NAME=INPUT`; may be repeated")
	f.IntVar(&o.FailEvery, "fail-every", 0, "one of so many requests fails")
	f.IntVar(&status, "status", 0, "the status of those (default 503); without --fail-every all fail")
	return c
}

func serveMock(ctx context.Context, w world, listen string, o mock.Options) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %q: %w", listen, err)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s := &http.Server{Handler: mock.New(o), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(w.out, "a stand-in %s provider listens on http://%s\n", o.Dialect, l.Addr())
	done := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer done()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
