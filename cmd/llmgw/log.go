package main

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/llmgw/llmgw/gateway/config"
)

// logs is what every logger of this process shares: a reload changes it.
type logs struct {
	level slog.LevelVar
	text  atomic.Bool // else JSON
}

func (l *logs) set(c config.Log) {
	l.level.Set(c.Level)
	l.text.Store(c.Format == "text")
}

func (l *logs) logger(out io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: &l.level}
	return slog.New(logHandler{l, slog.NewTextHandler(out, o), slog.NewJSONHandler(out, o)})
}

// logHandler writes in the form that is configured at the moment.
type logHandler struct {
	*logs
	asText, asJSON slog.Handler
}

func (h logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.text.Load() {
		return h.asText.Handle(ctx, r)
	}
	return h.asJSON.Handle(ctx, r)
}

func (h logHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return logHandler{h.logs, h.asText.WithAttrs(a), h.asJSON.WithAttrs(a)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.logs, h.asText.WithGroup(name), h.asJSON.WithGroup(name)}
}
