package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A delayed line is late, whole, and as wide as before.
func TestDelay(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := echo.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.Copy(c, c) // until the client ends its direction
	}()
	defer echo.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	d := &delayer{to: echo.Addr().String(), by: 50 * time.Millisecond}
	go func() {
		defer close(served)
		d.serve(ctx, l)
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := strings.Repeat("0123456789abcdef", 1<<16)
	began := time.Now()
	go func() {
		_, _ = io.WriteString(c, text) // what is missing is seen below
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != text {
		t.Fatalf("%d of %d bytes came back: %v", len(got), len(text), err)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("both ways of 50 ms took %s", took)
	}
	cancel()
	<-served
}
