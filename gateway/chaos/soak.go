package main

import (
	"context"
	"io"
)

func soak(ctx context.Context, o options, g *ground, dir string, out io.Writer) error { return nil }
