package gatewaytest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// CheckLeaks fails the test when goroutines of this module or of its gossip
// outlive it. Call it before whatever starts them: it looks when everything
// that registers a cleanup later has cleaned up. Not for parallel tests.
func CheckLeaks(t testing.TB) {
	t.Helper()
	before := map[string]bool{}
	for id := range goroutines() {
		before[id] = true
	}
	t.Cleanup(func() {
		var left []string
		for end := time.Now().Add(5 * time.Second); ; {
			left = nil
			for id, stack := range goroutines() {
				if !before[id] && ours(stack) {
					left = append(left, stack)
				}
			}
			if len(left) == 0 || time.Now().After(end) {
				break
			}
			runtime.Gosched()
			pause := time.NewTimer(10 * time.Millisecond)
			<-pause.C
		}
		if len(left) > 0 && !t.Failed() {
			t.Errorf("%d goroutines are left, such as\n%s", len(left), strings.Join(left[:min(len(left), 3)], "\n\n"))
		}
	})
}

// goroutines returns the stacks by "goroutine N".
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		id, _, _ := strings.Cut(stack, " [")
		all[id] = stack
	}
	return all
}

// ours leaves out fasthttp's pools, whose sweeper sleeps for 10 s before it sees
// that its server has stopped.
func ours(stack string) bool {
	if strings.Contains(stack, "testing.tRunner(") || strings.Contains(stack, "testing.(*common)") {
		return false // the test itself, and those that wait for it
	}
	return strings.Contains(stack, "github.com/llmgw/llmgw/") || strings.Contains(stack, "hashicorp/memberlist")
}
