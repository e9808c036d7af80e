package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Options is what loading takes from the world besides the files. The zero
// value takes it from the process.
type Options struct {
	Env      func(string) (string, bool) // nil: os.LookupEnv
	Hostname func() (string, error)      // nil: os.Hostname
}

// maxSource bounds one file, in bytes; the largest sensible configuration is a
// hundredth of it.
const maxSource = 1 << 20

// Load reads a file, or every *.hcl file of a folder in the order of their
// names, as one configuration. Its error is a *Diagnostics that lists every
// mistake. Warnings of a valid configuration are in Config.Warnings.
func Load(path string, o Options) (*Config, error) {
	sources, err := readSources(path)
	if err != nil {
		d := &Diagnostics{}
		d.list = append(d.list, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Cannot read the configuration", Detail: err.Error()})
		return nil, d
	}
	return Parse(sources, o)
}

// Parse is Load for sources in memory, by file name. Relative paths in them are
// taken from the folder of that name.
func Parse(sources map[string][]byte, o Options) (*Config, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	d := newDecoder(o)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		d.parse(name, sources[name])
	}
	c := d.decode()
	d.validate(c)
	if d.diags.HasErrors() {
		return nil, d.diags
	}
	c.index = newIndex(c)
	c.warnings = d.diags.Warnings()
	return c, nil
}

// readSources reads what --config names.
func readSources(path string) (map[string][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filesOf(path); err != nil {
			return nil, err
		}
	}
	sources := make(map[string][]byte, len(files))
	var errs []error
	for _, f := range files {
		b, err := readFile(f, maxSource)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sources[f] = b
	}
	return sources, errors.Join(errs...)
}

// filesOf lists a folder's *.hcl files. Hidden files are left out: editors and
// Kubernetes put copies there.
func filesOf(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, plainPathError(err)
	}
	var files []string
	for _, e := range entries {
		if n := e.Name(); !e.IsDir() && strings.HasSuffix(n, ".hcl") && !strings.HasPrefix(n, ".") {
			files = append(files, filepath.Join(folder, n))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no *.hcl file", folder)
	}
	return files, nil
}

// readFile reads a regular file of at most limit bytes. Pipes and devices are
// refused: they could block a reload for ever.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainPathError(err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", path, limit>>10)
	}
	return b, nil
}

// plainPathError drops the name of the system call from an error of os.
func plainPathError(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", pe.Path, pe.Err)
	}
	return err
}

// parse reads one source's syntax. What can be understood of a broken source
// is still decoded, for its other mistakes.
func (d *decoder) parse(name string, text []byte) {
	s := newSource(name, text)
	d.diags.sources[name] = s
	if len(text) > maxSource {
		s.broken = true
		d.diags.list = append(d.diags.list, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "File too large",
			Detail: fmt.Sprintf("%s has more than %d KiB.", name, maxSource>>10)})
		return
	}
	if bytes.IndexByte(text, 0) >= 0 { // HCL would complain of each
		s.broken = true
		d.diags.list = append(d.diags.list, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Not UTF-8",
			Detail: name + " holds bytes that are zero: it is UTF-16, or no text. Save it as UTF-8."})
		return
	}
	if g := tooDeep(s.tokens); g != nil {
		s.broken = true
		d.add(g)
		return
	}
	f, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		s.broken = true
		s.maskLines()
		d.add(firstQuote(diags)...)
	}
	if f == nil {
		return
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	if diags := tooCostly(body); diags.HasErrors() {
		s.broken = true
		d.add(diags...)
		return
	}
	s.body = body
	d.files = append(d.files, s)
}

// firstQuote keeps one report of a quote that is not closed: it turns every
// later quote of the source around, and HCL reports each.
func firstQuote(diags hcl.Diagnostics) hcl.Diagnostics {
	var kept hcl.Diagnostics
	open := false
	for _, g := range diags {
		switch g.Summary {
		case "Invalid multi-line string", "Unterminated template string":
			if open {
				continue
			}
			open = true
			g.Summary, g.Detail = "Unclosed quote", `A string begins on this line and does not end there. Close it with ", or write \n for a line break inside it.`
		}
		kept = append(kept, g)
	}
	return kept
}
