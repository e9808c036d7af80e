package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// adminFile lies beside a pid file and holds the admin listener's URL, so that
// `llmgw reload --pid-file` can ask what changed. The pid file itself stays
// what other tools expect: a number.
func adminFile(pidFile string) string { return pidFile + ".admin" }

func writePid(file, admin string) error {
	if old, err := readPid(file); err == nil && syscall.Kill(old, 0) == nil && old != os.Getpid() {
		return fmt.Errorf("%s names process %d, which is running; stop it first", file, old)
	}
	if err := os.WriteFile(adminFile(file), []byte("http://"+admin+"\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

func removePid(file string) {
	_ = errors.Join(os.Remove(adminFile(file)), os.Remove(file)) // the node is gone either way
}

func readPid(file string) (int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("%s holds no process id", file)
	}
	return pid, nil
}
