// Package protocoltest gives the tests of the dialects recorded traffic and
// the published schemas, where the checkout has them beside it.
package protocoltest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Recording is one recorded answer of a provider.
type Recording struct {
	// Name is the file's name without folder and endings.
	Name string
	// Status is the answer's HTTP status.
	Status int
	// Stream tells whether Body is a stream of server-sent events.
	Stream bool
	Body   []byte
}

// Shared returns the path of a file or folder of ../shared, counted from the
// module's root. It skips the test when there is none.
func Shared(tb testing.TB, path string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	full := filepath.Join(dir, "..", "shared", path)
	if _, err := os.Stat(full); err != nil {
		tb.Skipf("%s is not here", full)
	}
	return full
}

// Recordings returns the recorded answers of a folder, such as "anthropic" or
// "openai-chat", in the order of their names.
func Recordings(tb testing.TB, folder string) []Recording {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(Shared(tb, "recordings/"+folder), "*.response.*"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no recordings in %s: %v", folder, err)
	}
	all := make([]Recording, 0, len(files))
	for _, f := range files {
		all = append(all, recording(tb, f))
	}
	return all
}

func recording(tb testing.TB, file string) Recording {
	tb.Helper()
	base, kind, _ := strings.Cut(file, ".response.")
	body, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	r := Recording{Name: filepath.Base(base), Stream: kind == "sse", Body: body, Status: 200}
	meta, err := os.ReadFile(base + "." + kind + ".meta.json")
	if err != nil {
		tb.Fatal(err)
	}
	var m struct{ Status int }
	if err := json.Unmarshal(meta, &m); err != nil {
		tb.Fatalf("reading the meta data of %s: %v", file, err)
	}
	if m.Status != 0 {
		r.Status = m.Status
	}
	return r
}

// Capture returns the body of a captured client request, compact as clients
// send it; name is a path below captures.
func Capture(tb testing.TB, name string) []byte {
	tb.Helper()
	file, err := os.ReadFile(Shared(tb, "captures/"+name))
	if err != nil {
		tb.Fatal(err)
	}
	var request struct{ Body json.RawMessage }
	if err := json.Unmarshal(file, &request); err != nil {
		tb.Fatalf("reading %s: %v", name, err)
	}
	compact, err := json.Marshal(request.Body)
	if err != nil {
		tb.Fatalf("compacting %s: %v", name, err)
	}
	return compact
}
