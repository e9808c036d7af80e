package gatewaytest

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// CheckLeaks fails the test when goroutines of this module or of its gossip
// outlive it. Call it before whatever starts them: it looks when everything
// that registers a cleanup later has cleaned up. Goroutines of other tests that
// run at the same time are theirs: whose one is tells a label, which it has from
// the one that started it.
func CheckLeaks(t testing.TB) {
	t.Helper()
	label := fmt.Sprintf("%p", &struct{ testing.TB }{t})
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("test", label)))
	t.Cleanup(func() {
		var left []string
		for end := time.Now().Add(5 * time.Second); ; {
			if left = goroutines(label); len(left) == 0 || time.Now().After(end) {
				break
			}
			pause := time.NewTimer(10 * time.Millisecond)
			<-pause.C
		}
		if len(left) > 0 && !t.Failed() {
			t.Errorf("%d goroutines are left, such as\n%s", len(left), strings.Join(left[:min(len(left), 3)], "\n\n"))
		}
	})
}

// goroutines returns the stacks of our goroutines that have a label; one for
// all that stand at the same place.
func goroutines(label string) []string {
	var all strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		panic(err) // a Builder takes everything
	}
	var found []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, `"test":"`+label+`"`) && ours(stack) {
			found = append(found, stack)
		}
	}
	return found
}

// ours leaves out fasthttp's pools, whose sweeper sleeps for 10 s before it sees
// that its server has stopped.
func ours(stack string) bool {
	if strings.Contains(stack, "testing.tRunner+") || strings.Contains(stack, "testing.(*common)") {
		return false // the test itself, and those that wait for it
	}
	return strings.Contains(stack, "github.com/llmgw/llmgw/") || strings.Contains(stack, "hashicorp/memberlist")
}
