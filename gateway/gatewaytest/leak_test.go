package gatewaytest

import (
	"strings"
	"testing"
)

// recorder is a test whose failure is what this one wants to see.
type recorder struct {
	testing.TB
	cleanups []func()
	said     string
}

func (r *recorder) Helper()                               {}
func (r *recorder) Failed() bool                          { return false }
func (r *recorder) Cleanup(f func())                      { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(_ string, args ...any)          { r.said, _ = args[1].(string) }
func linger(started chan<- struct{}, end <-chan struct{}) { started <- struct{}{}; <-end }

func TestALeakIsTold(t *testing.T) {
	r := &recorder{}
	CheckLeaks(r)
	started, end := make(chan struct{}), make(chan struct{})
	go linger(started, end)
	<-started
	r.cleanups[0]()
	close(end)
	if !strings.Contains(r.said, "gatewaytest.linger") {
		t.Errorf("said %q", r.said)
	}
	r = &recorder{}
	CheckLeaks(r)
	if r.cleanups[0](); r.said != "" {
		t.Errorf("nothing was left, and it said %q", r.said)
	}
}
