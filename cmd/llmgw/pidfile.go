package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// adminFile lies beside a pid file and holds the admin listener's URL, so that
// `llmgw reload --pid-file` can ask what changed. The pid file itself stays
// what other tools expect: a number.
func adminFile(pidFile string) string { return pidFile + ".admin" }

// pidFile is a node's claim on the file that names its process. A lock holds it,
// not the number: a number that a crash left behind may be anybody's by then.
type pidFile struct{ file *os.File }

// claimPid takes a pid file for this process, before anything else is taken.
// Nobody in this process may open it again: closing it would end the lock.
func claimPid(path string) (*pidFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // it would be removed in the end
		return nil, errors.Join(fmt.Errorf("%s is not a regular file", path), err, f.Close())
	}
	err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart})
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		_ = f.Close()
		if pid, err := readPid(path); err == nil {
			return nil, fmt.Errorf("%s names process %d, which is running; stop it first", path, pid)
		}
		return nil, fmt.Errorf("%s belongs to a node that is starting; stop it first", path)
	}
	if now, e := os.Stat(path); e != nil || !sameFile(f, now) { // the one before took it away
		_ = f.Close()
		return claimPid(path)
	}
	return &pidFile{f}, nil // err: a file system without locks; the number has to do
}

func sameFile(f *os.File, other os.FileInfo) bool {
	info, err := f.Stat()
	return err == nil && os.SameFile(info, other)
}

// write tells the process and where it is administered.
func (p *pidFile) write(admin string) error {
	at := adminFile(p.file.Name())
	if err := os.WriteFile(at+".new", []byte("http://"+admin+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Rename(at+".new", at); err != nil { // nobody reads half of it
		return err
	}
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (p *pidFile) remove() {
	path := p.file.Name()
	_ = errors.Join(os.Remove(adminFile(path)), os.Remove(path), p.file.Close()) // the node is gone either way
}

// nodeRuns reports whether the node of a pid file lives.
func nodeRuns(path string, pid int) bool {
	f, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_RDLCK, Whence: io.SeekStart}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	return lock.Type != syscall.F_UNLCK
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
