package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Defaults of providers and instances.
const (
	defaultSessionTTL       = time.Hour
	defaultRecoveryAfter    = 60 * time.Second
	defaultProbeInterval    = 10 * time.Second
	defaultProbeTimeout     = 2 * time.Second
	defaultMinSystemTokens  = 1024
	defaultPriority         = 1
	defaultWeight           = 100
	defaultTimeout          = 600 * time.Second
	defaultFirstByteTimeout = 120 * time.Second
	defaultIdleTimeout      = 60 * time.Second
	maxInstances            = 64 // of one provider: a choice among them is a set of bits
)

var (
	dialects  = []string{"openai", "anthropic", "gemini"}
	stickyBys = []string{"conversation", "api_key"}

	// names of providers and instances go into IDs, headers and metrics.
	names = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)
)

// label checks a block's label, and that it is used once among the blocks of
// its type in a scope: "" is the whole configuration.
func (d *decoder) label(in *hcl.Block, scope string) {
	l, at := in.Labels[0], in.LabelRanges[0]
	switch in.Type {
	case "provider", "instance":
		if !names.MatchString(l) {
			d.errorf(at, "Invalid name", "%s %q: a name has 1 to 64 letters, digits, dots, dashes and underscores.", in.Type, clip(l))
			return
		}
	default:
		if in.Type == "api_key" && l == "" {
			d.errorf(at, "Invalid name", "The name of an api_key is empty; write the one that metrics and logs are to show, such as api_key \"me\".")
			return
		}
		if why := badModel(l); why != "" {
			d.errorf(at, "Invalid name", "%s %q: the name %s.", in.Type, clip(l), why)
			return
		}
	}
	d.firstIn(scope, in.Type, l, at)
}

func quoted(kind, label string) string { return fmt.Sprintf("%s %q", kind, clip(label)) }

func (d *decoder) provider(in *hcl.Block) Provider {
	p := Provider{Name: in.Labels[0]}
	b := d.block(quoted("provider", p.Name), in, schema("dialect session_ttl sticky_by", "instance: health cache"))
	d.label(in, "")
	d.providers = append(d.providers, p.Name)
	p.Dialect = b.dialect(p.Name)
	p.SessionTTL = b.duration("session_ttl", defaultSessionTTL)
	p.StickyBy = b.stickyBy()
	for _, block := range b.blocks {
		if block.Type == "instance" {
			p.Instances = append(p.Instances, d.instance(p.Name, in.DefRange.String(), block))
		}
	}
	switch n := len(p.Instances); {
	case n == 0 && !b.broken:
		d.errorf(b.where, "Provider without an instance", "%s has nothing to send requests to. Write an instance block inside it, such as instance \"primary\", with base_url and api_key.", b.name)
	case n > maxInstances:
		d.errorf(b.where, "Too many instances", "%s has %d instances; %d are possible. Make several providers.", b.name, n, maxInstances)
	}
	p.Health = d.health(b.single("health"))
	p.Cache = d.cache(b.single("cache"))
	return p
}

// dialect is what is written, else the provider's own name when it is one.
func (b *body) dialect(label string) string {
	if b.has("dialect") {
		s := b.text("dialect", "")
		if b.has("dialect") { // null would have removed it
			if b.sound("dialect") && !slices.Contains(dialects, s) {
				b.fail("dialect", "Unknown dialect", "dialect is %q; it must be %s.%s", clip(s), list(dialects), suggest(s, dialects))
			}
			return s
		}
	}
	if !slices.Contains(dialects, label) && !b.broken {
		b.d.errorf(b.where, "Missing dialect", "The name %q does not tell the provider's dialect. Write dialect = \"openai\", \"anthropic\" or \"gemini\".%s", clip(label), suggest(label, dialects))
	}
	return label
}

func (b *body) stickyBy() []string {
	given := b.texts("sticky_by")
	if !b.has("sticky_by") || !b.sound("sticky_by") {
		return []string{"api_key"}
	}
	if len(given) == 0 {
		b.fail("sticky_by", "Empty sticky_by", `sticky_by is empty. Write ["api_key"] or ["conversation", "api_key"].`)
	}
	for i, s := range given {
		switch {
		case !slices.Contains(stickyBys, s):
			b.d.errorf(b.element("sticky_by", i), "Unknown sticky_by", "sticky_by has %q; it takes %s.%s", clip(s), list(stickyBys), suggest(s, stickyBys))
		case slices.Contains(given[:i], s):
			b.d.errorf(b.element("sticky_by", i), "Duplicate in sticky_by", "sticky_by has %q twice. Remove one.", s)
		case i > 0 && s == "conversation":
			b.d.warnf(b.element("sticky_by", i), "Never reached", `Every request carries an api_key, so "conversation" behind it is never looked at. Write ["conversation", "api_key"].`)
		}
	}
	return given
}

func (d *decoder) instance(provider, scope string, in *hcl.Block) Instance {
	i := Instance{Name: in.Labels[0]}
	b := d.block(quoted("instance", i.Name), in, schema("base_url api_key priority weight timeout first_byte_timeout idle_timeout headers", ""))
	d.label(in, scope)
	b.require("base_url", `base_url = "https://..."`)
	i.BaseURL = b.baseURL()
	i.APIKey = b.secret("api_key")
	i.Priority = int(b.int("priority", defaultPriority, 0, 1_000_000))
	i.Weight = int(b.int("weight", defaultWeight, 1, 1_000_000))
	i.Timeout = b.duration("timeout", defaultTimeout)
	i.FirstByteTimeout = b.within("first_byte_timeout", min(defaultFirstByteTimeout, i.Timeout), i.Timeout)
	i.IdleTimeout = b.within("idle_timeout", min(defaultIdleTimeout, i.Timeout), i.Timeout)
	i.Headers = b.headers()
	i.id = instanceID(provider, &i)
	return i
}

// within reads a timeout inside another one.
func (b *body) within(name string, fallback, whole time.Duration) time.Duration {
	t := b.duration(name, fallback)
	if b.has(name) && b.sound(name) && b.sound("timeout") && t > whole {
		b.d.warnf(b.at(name), "Never reached", "%s is %s, but the whole call ends after timeout = %q.", name, t, short(whole))
		return whole
	}
	return t
}

// baseURL checks what requests' paths are appended to.
func (b *body) baseURL() *url.URL {
	s := b.text("base_url", "")
	if !b.has("base_url") || !b.sound("base_url") {
		return &url.URL{}
	}
	const write = `Write the address up to the version, such as "https://api.openai.com/v1"`
	u, err := url.Parse(s)
	if err != nil { // err quotes the URL, which may hold a password
		b.fail("base_url", "Invalid base_url", "base_url cannot be parsed. %s.", write)
		return &url.URL{}
	}
	var why string
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		why = "must begin with https:// or http://"
	case u.User != nil:
		why = "holds a user name or password; credentials go into api_key or headers"
	case !validHost(u.Hostname()) || u.Hostname() == "":
		why = "has no valid host"
	case !validPort(u.Port(), u.Host):
		why = "has no valid port"
	case u.RawQuery != "" || u.ForceQuery:
		why = "holds a query (?); leave it out"
	case u.Fragment != "" || strings.Contains(s, "#"):
		why = "holds a fragment (#); leave it out"
	case strings.ContainsFunc(u.Path, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		why = "holds white space"
	}
	if why == "" {
		u.Path = strings.TrimRight(u.Path, "/")
		u.RawPath = strings.TrimRight(u.RawPath, "/")
		if e := endpointOf(u.Path); e != "" {
			why = fmt.Sprintf("ends with the endpoint %s; end it before that", e)
		}
	}
	if why != "" {
		b.fail("base_url", "Invalid base_url", "base_url %s. %s.", why, write)
		return &url.URL{}
	}
	if u.Scheme == "http" && !private(u.Hostname()) {
		b.d.warnf(b.at("base_url"), "Unencrypted", "Requests and credentials travel to %s in the clear. Write https:// if it is offered.", u.Hostname())
	}
	if u.Path == "" {
		b.d.warnf(b.at("base_url"), "No version in base_url", "Calls go to %s/models and the like. Most services want the version, such as https://api.openai.com/v1.", u)
	}
	return u
}

func validPort(port, host string) bool {
	if port == "" {
		return !strings.HasSuffix(host, ":")
	}
	_, n, why := splitAddress("h:" + port)
	return why == "" && n > 0
}

// endpointOf finds an API's endpoint at the end of a path, the usual slip in a
// base URL.
func endpointOf(path string) string {
	for _, e := range []string{"/chat/completions", "/responses", "/embeddings", "/messages", "/models"} {
		if strings.HasSuffix(path, e) {
			return e
		}
	}
	return ""
}

// framing headers belong to the connection; setting one breaks requests.
var framing = []string{"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

// headerName is a token of RFC 9110, section 5.6.2.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (b *body) headers() map[string]Secret {
	v, ok := b.value("headers", cty.Map(cty.String), `a map of strings, such as { "x-team" = "search" }`)
	if !ok || v.LengthInt() == 0 {
		return nil
	}
	headers := make(map[string]Secret, v.LengthInt())
	seen := make(map[string]string)
	for k, e := range v.Elements() {
		name, value := k.AsString(), e.AsString()
		lower := strings.ToLower(name)
		switch {
		case !headerName.MatchString(name):
			b.fail("headers", "Invalid header", "The name of a header is not one: letters, digits and dashes make it up.")
		case slices.Contains(framing, lower):
			b.fail("headers", "Invalid header", "The header %s is the gateway's own; leave it out.", name)
		case seen[lower] != "":
			b.fail("headers", "Duplicate header", "%s and %s are one header. Remove one.", seen[lower], name)
		case unsendable(value) != "":
			b.fail("headers", "Invalid header", "The value of the header %s %s.", name, unsendable(value))
		}
		seen[lower] = name
		headers[name] = Secret(value)
	}
	return headers
}

// credentialHeaders are headers that say who calls; the other ones do not make
// another instance of an instance.
var credentialHeaders = []string{"api-key", "authorization", "cookie", "x-api-key", "x-goog-api-key"}

func instanceID(provider string, i *Instance) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n%q\n", i.BaseURL.String(), i.APIKey.Reveal())
	for _, name := range slices.Sorted(maps.Keys(i.Headers)) {
		if lower := strings.ToLower(name); slices.Contains(credentialHeaders, lower) {
			fmt.Fprintf(h, "%q: %q\n", lower, i.Headers[name].Reveal())
		}
	}
	return provider + "/" + i.Name + "@" + hex.EncodeToString(h.Sum(nil)[:4])
}

func (d *decoder) health(in *hcl.Block) Health {
	h := Health{RecoveryAfter: defaultRecoveryAfter}
	if in == nil {
		return h
	}
	b := d.block("health", in, schema("recovery_after", "probe"))
	h.RecoveryAfter = b.duration("recovery_after", defaultRecoveryAfter)
	if p := b.single("probe"); p != nil {
		h.Probe = d.probe(p)
	}
	return h
}

func (d *decoder) probe(in *hcl.Block) *Probe {
	b := d.block("probe", in, schema("path interval timeout", ""))
	b.require("path", `path = "/models"`)
	p := &Probe{
		Path:     b.text("path", ""),
		Interval: b.duration("interval", defaultProbeInterval),
		Timeout:  b.duration("timeout", defaultProbeTimeout),
	}
	if b.has("path") && b.sound("path") {
		if u, err := url.ParseRequestURI(p.Path); err != nil || !strings.HasPrefix(p.Path, "/") || u.Host != "" {
			b.fail("path", "Invalid path", "path is %q; it begins with / and is appended to base_url, such as \"/models\".", clip(p.Path))
		}
	}
	if b.sound("timeout") && b.sound("interval") && p.Timeout > p.Interval {
		at := "timeout"
		if !b.has(at) {
			at = "interval"
		}
		b.fail(at, "Impossible value", "timeout is %q, longer than interval = %q. Make it shorter.", short(p.Timeout), short(p.Interval))
	}
	return p
}

func (d *decoder) cache(in *hcl.Block) Cache {
	c := Cache{AutoCacheSystem: true, MinSystemTokens: defaultMinSystemTokens, AutoCacheTools: true}
	if in == nil {
		return c
	}
	b := d.block("cache", in, schema("auto_cache_system min_system_tokens auto_cache_tools", ""))
	c.AutoCacheSystem = b.bool("auto_cache_system", true)
	c.MinSystemTokens = int(b.int("min_system_tokens", defaultMinSystemTokens, 0, 10_000_000))
	c.AutoCacheTools = b.bool("auto_cache_tools", true)
	return c
}

// short writes a duration without zero parts: 1h, not 1h0m0s.
func short(t time.Duration) string {
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
