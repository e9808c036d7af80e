package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pid file is removed at the node's end: what is no file must not be taken
// for one, above all by root.
func TestAPidFileIsAFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{os.DevNull, pipe} {
		if p, err := claimPid(path); p != nil || err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v, %v", path, p, err)
		}
	}
	file := filepath.Join(t.TempDir(), "llmgw.pid")
	p, err := claimPid(file)
	if err != nil {
		t.Fatal(err)
	}
	p.remove()
	if _, err := os.Stat(file); err == nil {
		t.Error("it is left behind")
	}
}
