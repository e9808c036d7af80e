package main

import (
	"os"
	"sync"
)

// logFile is a log's file by its name: what rotates logs moves the file away
// and has the node reload. It may be used from any goroutine.
type logFile struct {
	name string
	mu   sync.Mutex
	file *os.File
}

func openLog(name string) (*logFile, error) {
	l := &logFile{name: name}
	return l, l.reopen()
}

// reopen opens what has the name by now; after an error the old file stays.
func (l *logFile) reopen() error {
	f, err := os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	l.mu.Lock()
	old := l.file
	l.file = f
	l.mu.Unlock()
	if old != nil {
		_ = old.Close() // all was written: nothing is buffered
	}
	return nil
}

// Write implements io.Writer.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(p)
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.Close() // as above
}
