package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzParse: whatever the text, Parse neither panics nor hangs, its error is a
// *Diagnostics, and what it accepts Show writes down again.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, "../../gateway.hcl.example") {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"", "\xff\x00", "a", "a=", "server{tls{", "x = [[[[[[\"${\"${[{(\"", "node_name = upper(lower(upper(lower(env(\"A\", \"b\")))))",
		"node_name = format(\"%5s%*d\", 1, 2)", "node_name = \"%{ for a in [1] }${a}%{ endfor }\"", "admin { token = <<-E\n  a\n  E\n}", "node_name = [1][*].a",
		"node_name = merge({},{})[\"a\"]", "node_name = join(split(\"a\", \"b\")...)", "node_name = a::b(1...)", "node_name = 1e99999", "node_name = -9 % 0 / 0",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 16<<10 {
			t.Skip()
		}
		start := time.Now()
		c, err := Parse(map[string][]byte{"fuzz.hcl": text}, world())
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("it took %v", took)
		}
		if err != nil {
			var d *Diagnostics
			if !errors.As(err, &d) || err.Error() == "" {
				t.Fatalf("the error is %T %q", err, err)
			}
			return
		}
		if strings.Contains(string(text), masked) || strings.Contains(string(text), "file") {
			return // masks could not be told from values, or files are read
		}
		again, err := Parse(map[string][]byte{"fuzz.hcl": []byte(putBack(c))}, world())
		if err != nil {
			t.Fatalf("what Show writes is refused: %v\n%s", err, c.Show())
		}
		if diff := same(c, again); diff != "" || c.Digest() != again.Digest() {
			t.Fatalf("what Show writes means something else:\n%s", diff)
		}
	})
}
