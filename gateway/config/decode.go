package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// decoder turns parsed sources into a Config and collects what is wrong with
// them. It is used once, by one goroutine.
type decoder struct {
	options Options
	diags   *Diagnostics
	files   []*source                   // those whose syntax could be read, in order
	scopes  map[string]*hcl.EvalContext // by file name
	spent   int64                       // bytes that functions have handled
	labels  map[string]hcl.Range        // where each label was first used, by scope and block type

	// What the checks across blocks need beside the Config.
	listeners []listener
	keys      map[[32]byte]placedKey
	providers []string
	routes    []placedRoute
	unsure    bool // something at the top could not be read: absences prove nothing
}

func newDecoder(o Options) *decoder {
	return &decoder{
		options: o,
		diags:   &Diagnostics{sources: make(map[string]*source)},
		scopes:  make(map[string]*hcl.EvalContext),
		labels:  make(map[string]hcl.Range),
		keys:    make(map[[32]byte]placedKey),
	}
}

// body is the inside of one block, or of a file, while it is decoded.
type body struct {
	d      *decoder
	name   string    // what messages call it: server, provider "anthropic"
	where  hcl.Range // its header
	attrs  hcl.Attributes
	blocks hcl.Blocks
	scope  *hcl.EvalContext
	folder string
	broken bool            // its source has syntax errors: absences prove nothing
	hiding bool            // a block that others refer to may be among what was not understood
	failed map[string]bool // attributes that were reported
}

// schema lists what a block takes: attributes, separated by spaces, and blocks.
// A block with a label is written with a colon: "instance:".
func schema(attributes, blocks string) *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, a := range strings.Fields(attributes) {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: a})
	}
	for _, b := range strings.Fields(blocks) {
		name, labelled := strings.CutSuffix(b, ":")
		h := hcl.BlockHeaderSchema{Type: name}
		if labelled {
			h.LabelNames = []string{"name"}
		}
		s.Blocks = append(s.Blocks, h)
	}
	return s
}

// read takes a body apart by its schema and reports what does not belong.
func (d *decoder) read(name string, in hcl.Body, where hcl.Range, s *hcl.BodySchema) *body {
	src := d.diags.sources[where.Filename]
	content, diags := in.Content(s)
	hiding := src.broken
	for _, g := range diags {
		hiding = hiding || hides(g)
		if src.broken && displaced(g) {
			continue
		}
		foreign(g, s)
		d.add(g)
	}
	return &body{
		d: d, name: name, where: where, attrs: content.Attributes, blocks: content.Blocks,
		scope: d.scope(src), folder: src.folder, broken: src.broken || diags.HasErrors(), hiding: hiding, failed: make(map[string]bool),
	}
}

// hides tells whether what HCL reports may be a block with a label: a name that
// is close to one of theirs, or a label that is missing.
func hides(g *hcl.Diagnostic) bool {
	switch g.Summary {
	case unknownAttribute:
		return false
	case unknownBlock:
		return slices.ContainsFunc(rootSchema.Blocks, func(b hcl.BlockHeaderSchema) bool {
			return len(b.LabelNames) > 0 && strings.Contains(g.Detail, fmt.Sprintf("Did you mean %q", b.Type))
		})
	}
	return true
}

// foreign adds to HCL's report of an unknown name what would be known.
func foreign(g *hcl.Diagnostic, s *hcl.BodySchema) {
	if g.Summary != unknownAttribute && g.Summary != unknownBlock || strings.Contains(g.Detail, "Did you mean") {
		return
	}
	var here []string
	for _, a := range s.Attributes {
		here = append(here, a.Name)
	}
	for _, b := range s.Blocks {
		here = append(here, b.Type+" {}")
	}
	g.Detail += " Here go: " + strings.Join(here, ", ") + "."
}

// The summaries of HCL's reports of names that the schema does not have.
const (
	unknownAttribute = "Unsupported argument"
	unknownBlock     = "Unsupported block type"
)

// displaced reports whether a diagnostic is about a block of the top level that
// is elsewhere. In a source with syntax errors it only follows from a brace that
// is missing.
func displaced(g *hcl.Diagnostic) bool {
	return g.Summary == unknownBlock && slices.ContainsFunc(rootSchema.Blocks, func(b hcl.BlockHeaderSchema) bool {
		return strings.Contains(g.Detail, fmt.Sprintf("Blocks of type %q", b.Type))
	})
}

// block opens a block inside a body.
func (d *decoder) block(name string, b *hcl.Block, s *hcl.BodySchema) *body {
	return d.read(name, b.Body, b.DefRange, s)
}

func (d *decoder) scope(s *source) *hcl.EvalContext {
	if c := d.scopes[s.name]; c != nil {
		return c
	}
	c := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: d.functions(s.folder)}
	d.scopes[s.name] = c
	return c
}

var rootSchema = schema("node_name", "server admin log cluster api_key: provider: route: price:")

// decode reads every file's top level as one.
func (d *decoder) decode() *Config {
	c := &Config{}
	var blocks hcl.Blocks
	var named *body
	for _, s := range d.files {
		top := d.read("the configuration", s.body, hcl.Range{Filename: s.name, Start: hcl.InitialPos, End: hcl.InitialPos}, rootSchema)
		d.unsure = d.unsure || top.hiding
		blocks = append(blocks, top.blocks...)
		if a := top.attrs["node_name"]; a != nil && d.first("node_name", "", a.NameRange) {
			named = top
		}
	}
	d.unsure = d.unsure || len(d.files) < len(d.diags.sources)
	d.nodeName(c, named)
	c.Server = d.server(d.single(blocks, "server"))
	c.Admin = d.admin(d.single(blocks, "admin"))
	c.Log = d.log(d.single(blocks, "log"))
	c.Cluster = d.cluster(d.single(blocks, "cluster"))
	for _, b := range blocks {
		switch b.Type {
		case "api_key":
			c.Keys = append(c.Keys, d.apiKey(b))
		case "provider":
			c.Providers = append(c.Providers, d.provider(b))
		case "route":
			c.Routes = append(c.Routes, d.route(b))
		case "price":
			c.Prices = append(c.Prices, d.price(b))
		}
	}
	return c
}

// single finds the one block of a type and reports further ones.
func (d *decoder) single(blocks hcl.Blocks, kind string) *hcl.Block {
	var found *hcl.Block
	for _, b := range blocks {
		if b.Type != kind {
			continue
		}
		if found == nil {
			found = b
			continue
		}
		d.twice(b.DefRange, found.DefRange, fmt.Sprintf("Duplicate %s block", kind), "%s is written once; put everything into one block.", kind)
	}
	return found
}

func (b *body) single(kind string) *hcl.Block { return b.d.single(b.blocks, kind) }

// first reports whether a label of a kind of block is new; if not, that is an
// error at both places.
func (d *decoder) first(kind, label string, at hcl.Range) bool {
	return d.firstIn("", kind, label, at)
}

// firstIn is first for labels that count inside one block, of the name scope.
func (d *decoder) firstIn(scope, kind, label string, at hcl.Range) bool {
	id := scope + "\x00" + kind + "\x00" + label
	was, found := d.labels[id]
	if !found {
		d.labels[id] = at
		return true
	}
	what := kind
	if label != "" {
		what = fmt.Sprintf("%s %q", kind, label)
	}
	d.twice(at, was, "Duplicate "+what, "%s is defined already. Remove one of the two, or rename it.", what)
	return false
}

// related points at a second place of a diagnostic.
type related struct {
	at   hcl.Range
	text string
}

func (d *decoder) twice(at, was hcl.Range, summary, format string, a ...any) {
	d.add(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, a...), Subject: &at, Extra: related{was, "the first is here"}})
}

func (d *decoder) errorf(at hcl.Range, summary, format string, a ...any) {
	d.add(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, a...), Subject: &at})
}

func (d *decoder) warnf(at hcl.Range, summary, format string, a ...any) {
	d.add(&hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: fmt.Sprintf(format, a...), Subject: &at})
}

// add records diagnostics; failures of our functions get their own words.
func (d *decoder) add(diags ...*hcl.Diagnostic) {
	for _, g := range diags {
		if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](g); ok {
			if ce, ok := errors.AsType[*callError](extra.FunctionCallError()); ok {
				g.Summary, g.Detail = ce.summary, ce.detail
			}
		}
		switch {
		case strings.HasPrefix(g.Summary, "Missing name for "):
			kind := strings.TrimPrefix(g.Summary, "Missing name for ")
			g.Detail = fmt.Sprintf("%s has a name: write %s \"...\" {.", kind, kind)
		case strings.HasPrefix(g.Summary, "Extraneous label for ") && strings.Contains(g.Detail, "(name)"):
			kind := strings.TrimPrefix(g.Summary, "Extraneous label for ")
			g.Detail = fmt.Sprintf("%s has one name: write %s \"...\" {.", kind, kind)
		case g.Detail == "An argument or block definition is required here.":
			g.Detail += ` Write name = value, or a block: name { ... }.`
		case g.Summary == "Invalid expression" && strings.HasPrefix(g.Detail, "Expected the start of an expression"):
			g.Detail = `A value is missing, or is none. Write a string in quotes, a number, true, false, a list in [], or a function with its ().`
		case g.Summary == "Unknown variable":
			g.Detail += " There are none: a string goes into quotes, a function is called with ()."
		}
		d.diags.list = append(d.diags.list, g)
	}
}

// path takes a path of the configuration from its source's folder.
func (b *body) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(b.folder, p)
}

// suggest makes a "Did you mean" of the known name that is closest, if any is.
func suggest(given string, known []string) string {
	best := ""
	least := 3
	for _, k := range slices.Sorted(slices.Values(known)) {
		if n := distance(given, k); n < least {
			best, least = k, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// distance is the Levenshtein distance, in bytes; long strings are far apart.
func distance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return 100
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// list writes names for a message: a, b or c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
