package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The example's shell loop: of 300 requests through three nodes exactly the 100
// pass that the key has.
func TestExampleLimits(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	e := newExample(t, "limits")
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(e.dir, "run.sh"))
	cmd.Env = append(os.Environ(), "LLMGW="+command(t).Path)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 3 {
		t.Skipf("the machine was too slow for 300 requests a minute:\n%s", out)
	}
	if err != nil || !strings.Contains(string(out), "100 of 100") {
		t.Errorf("%v\n%s", err, out)
	}
}
