package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/heapfloor"
)

// heapFloor is to what the heap of a node grows before it is collected, in
// bytes. Twice as much would make a stream that waits cost more.
const heapFloor = 24 << 20

// readyFD is where a daemon tells its parent how its start went.
const readyFD = "LLMGW_READY_FD"

func startCommand(w world) *cobra.Command {
	var path, pidFile, logFile string
	var daemon bool
	c := &cobra.Command{
		Use: "start --config FILE_OR_DIR", Short: "Run a node", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if path == "" {
				return usageError{fmt.Errorf("--config is missing")}
			}
			if daemon {
				return daemonize(w, path, pidFile, logFile)
			}
			reopen := func() error { return nil }
			if logFile != "" {
				l, err := openLog(logFile)
				if err != nil {
					return err
				}
				defer l.close()
				w.err, reopen = l, l.reopen
			}
			return start(c.Context(), w, path, pidFile, reopen)
		},
	}
	c.Flags().StringVar(&path, "config", "", "the configuration: a file, or a folder of *.hcl")
	c.Flags().BoolVar(&daemon, "daemon", false, "run in the background; returns when the node is ready")
	c.Flags().StringVar(&pidFile, "pid-file", "", "write the process id here")
	c.Flags().StringVar(&logFile, "log-file", "", "where the log goes (default: standard error; with --daemon nowhere)")
	return c
}

// start runs a node until it is told to stop; reopen lets go of the log's file
// if that has been moved away.
func start(ctx context.Context, w world, path, pidPath string, reopen func() error) (err error) {
	tell := parentPipe(w)
	defer func() { tell(err) }()
	cfg, err := config.Load(path, config.Options{Env: w.env})
	if err != nil {
		return err
	}
	for _, warning := range cfg.Warnings() {
		fmt.Fprintln(w.err, warning)
	}
	var shared logs
	shared.set(cfg.Log)
	log := shared.logger(w.err)
	raiseFiles(log)
	if _, set := w.env("GOGC"); !set { // who sets it knows better
		defer heapfloor.Keep(heapFloor)()
	}
	load := func() (*config.Config, error) {
		if err := reopen(); err != nil {
			log.Warn("the log file cannot be opened anew; the old one stays", "error", err)
		}
		return config.Load(path, config.Options{Env: w.env})
	}

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	// Whoever reads the log may end; the node serves on without one.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)

	var pid *pidFile
	if pidPath != "" {
		if pid, err = claimPid(pidPath); err != nil {
			return err
		}
		defer pid.remove()
	}
	node, err := gateway.New(gateway.Options{
		Config: cfg, Load: load, Log: log, Version: version,
		Reloaded: func(c *config.Config) { shared.set(c.Log) },
	})
	if err != nil {
		return err
	}
	if err := node.Start(ctx); err != nil {
		return err
	}
	if pid != nil {
		if err := pid.write(node.AdminAddr()); err != nil {
			node.Kill()
			return err
		}
	}
	tell(nil)
	return serveUntilStopped(ctx, node, signals, log)
}

// serveUntilStopped waits for what ends a node, and reloads on SIGHUP. A
// second signal to stop ends the process at once.
func serveUntilStopped(ctx context.Context, node *gateway.Node, signals <-chan os.Signal, log *slog.Logger) error {
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGHUP {
				_, _ = node.Reload() // Reload logs its outcome
				continue
			}
		case <-node.StopRequested():
		case <-ctx.Done():
		}
		break
	}
	stopped := make(chan error, 1)
	go func() { stopped <- node.Stop(context.Background()) }()
	for {
		select {
		case err := <-stopped:
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				log.Warn("a second signal: not waiting for requests any more")
				return toldError{fmt.Errorf("interrupted by %s", s)}
			}
		}
	}
}

// raiseFiles lifts the soft limit of open files to the hard one: a stream
// holds two.
func raiseFiles(log *slog.Logger) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return
	}
	if l.Cur < l.Max {
		l.Cur = l.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
			log.Debug("could not raise the limit of open files", "error", err)
		}
	}
	if l.Cur < 4096 {
		log.Warn("few open files are allowed; a stream needs two", "limit", l.Cur)
	}
}

// parentPipe reports a daemon's start to the process that made it, once.
func parentPipe(w world) func(error) {
	fd, err := strconv.Atoi(w.getenv(readyFD, ""))
	if err != nil {
		return func(error) {}
	}
	pipe := os.NewFile(uintptr(fd), "ready")
	told := false
	return func(err error) {
		if told || pipe == nil {
			return
		}
		told = true
		text := "ready"
		if err != nil {
			text = err.Error()
		}
		_, _ = pipe.WriteString(text) // the parent is gone: nobody to tell
		_ = pipe.Close()
	}
}

// daemonize runs this program again, detached, and waits until it is ready.
func daemonize(w world, path, pidFile, logFile string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	args := []string{"start", "--config", path}
	if pidFile != "" {
		if pidFile, err = filepath.Abs(pidFile); err != nil {
			return err
		}
		args = append(args, "--pid-file", pidFile)
	}
	r, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), readyFD+"=3")
	cmd.ExtraFiles = []*os.File{pw}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if logFile != "" {
		if logFile, err = filepath.Abs(logFile); err != nil {
			return err
		}
		l, err := openLog(logFile)
		if err != nil {
			return err
		}
		defer l.close()
		cmd.Args = append(cmd.Args, "--log-file", logFile)
		cmd.Stderr = l.file // for what the runtime says when it dies
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	_ = pw.Close()
	_ = r.SetReadDeadline(time.Now().Add(30 * time.Second))
	buf := make([]byte, 64<<10)
	n := 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if err != nil {
			break
		}
	}
	switch answer := string(buf[:n]); answer {
	case "ready":
		fmt.Fprintf(w.out, "llmgw runs as process %d\n", cmd.Process.Pid)
		return cmd.Process.Release()
	case "":
		return fmt.Errorf("the daemon ended before it was ready; --log-file tells why")
	default:
		return fmt.Errorf("the daemon did not start: %s", answer)
	}
}
