package config

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Defaults of the node's own blocks.
const (
	defaultListen       = "0.0.0.0:8080"
	defaultAdminListen  = "127.0.0.1:9090"
	defaultBind         = "0.0.0.0:7946"
	defaultPeerListen   = "0.0.0.0:7947"
	defaultMaxBodySize  = 10 << 20
	defaultDrainTimeout = 30 * time.Second
	maxPEM              = 1 << 20
)

// nodeNames are what every place that a node's name goes to can carry: gossip,
// headers, metrics, certificates.
var nodeNames = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)

func (d *decoder) nodeName(c *Config, b *body) {
	if b != nil {
		c.NodeName = b.text("node_name", "")
		if b.has("node_name") {
			if b.sound("node_name") && !nodeNames.MatchString(c.NodeName) {
				b.fail("node_name", "Invalid node_name", "node_name is %q; a node's name has 1 to 64 letters, digits, dots, dashes and underscores.", clip(c.NodeName))
			}
			return
		}
	}
	name, err := d.options.Hostname()
	switch {
	case err != nil:
		d.add(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No node name", Detail: fmt.Sprintf("The host's name cannot be read (%v). Set node_name.", err)})
	case !nodeNames.MatchString(name):
		d.add(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No node name", Detail: fmt.Sprintf("The host's name %q cannot be a node's name: 1 to 64 letters, digits, dots, dashes and underscores. Set node_name.", clip(name))})
	}
	c.NodeName = name
}

func (d *decoder) server(in *hcl.Block) Server {
	s := Server{Listen: defaultListen, MaxBodySize: defaultMaxBodySize, DrainTimeout: defaultDrainTimeout}
	if in == nil {
		d.defaultListener("server.listen", defaultListen)
		return s
	}
	b := d.block("server", in, schema("listen max_body_size drain_timeout fetch_private_addresses", "tls"))
	s.Listen = b.listen("listen", defaultListen)
	s.MaxBodySize = b.size("max_body_size", defaultMaxBodySize, 1<<10, 1<<30)
	s.DrainTimeout = b.duration("drain_timeout", defaultDrainTimeout)
	s.FetchPrivate = b.bool("fetch_private_addresses", false)
	if t := b.single("tls"); t != nil {
		s.TLS = d.tls(t)
	}
	return s
}

// defaultListener keeps a listener that no block mentions. It has no place: a
// conflict is told at the other one.
func (d *decoder) defaultListener(name, address string) {
	host, port, _ := splitAddress(address)
	d.listeners = append(d.listeners, listener{name: name, host: host, port: port})
}

// tls reads and checks a certificate, so that a mistake shows before the start.
func (d *decoder) tls(in *hcl.Block) *TLS {
	b := d.block("tls", in, schema("cert_file key_file", ""))
	b.require("cert_file", `cert_file = "tls.crt"`)
	b.require("key_file", `key_file = "tls.key"`)
	t := &TLS{}
	cert := b.pem("cert_file", &t.CertFile)
	key := b.pem("key_file", &t.KeyFile)
	if cert == nil || key == nil {
		return t
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		d.errorf(b.where, "Invalid certificate", "cert_file and key_file cannot be used together: %v.", strings.TrimPrefix(err.Error(), "tls: "))
	}
	return t
}

func (b *body) pem(name string, path *string) []byte {
	p := b.text(name, "")
	if !b.has(name) || !b.sound(name) {
		return nil
	}
	if p == "" {
		b.fail(name, "Invalid "+name, "%s is empty; name a PEM file.", name)
		return nil
	}
	p = b.path(p)
	content, err := readFile(p, maxPEM)
	if err != nil {
		b.fail(name, "Cannot read a file", "%v. Relative paths start at the folder of the configuration file.", err)
		return nil
	}
	if *path, err = filepath.Abs(p); err != nil {
		b.fail(name, "Invalid "+name, "The working directory cannot be read: %v. Write an absolute path.", err)
		return nil
	}
	return content
}

func (d *decoder) admin(in *hcl.Block) Admin {
	a := Admin{Listen: defaultAdminListen}
	if in == nil {
		d.defaultListener("admin.listen", defaultAdminListen)
		return a
	}
	b := d.block("admin", in, schema("listen token", ""))
	a.Listen = b.listen("listen", defaultAdminListen)
	a.Token = b.secret("token")
	host, _, _ := splitAddress(a.Listen)
	if !loopback(host) && a.Token == "" && b.sound("token") && !b.broken {
		d.errorf(b.at("listen"), "Admin listener without a token", "Others than this machine can reach %s. Set token = env(\"LLMGW_ADMIN_TOKEN\"), or listen on %q.", a.Listen, defaultAdminListen)
	}
	return a
}

func (d *decoder) log(in *hcl.Block) Log {
	l := Log{Level: slog.LevelInfo, Format: "json"}
	if in == nil {
		return l
	}
	b := d.block("log", in, schema("level format", ""))
	l.Format = b.oneOf("format", "json", "json", "text")
	switch b.oneOf("level", "info", "debug", "info", "warn", "error") {
	case "debug":
		l.Level = slog.LevelDebug
	case "warn":
		l.Level = slog.LevelWarn
	case "error":
		l.Level = slog.LevelError
	}
	return l
}

func (d *decoder) cluster(in *hcl.Block) *Cluster {
	if in == nil {
		return nil
	}
	b := d.block("cluster", in, schema("bind advertise peer_listen join secret", ""))
	c := &Cluster{
		Bind:       b.listen("bind", defaultBind),
		PeerListen: b.listen("peer_listen", defaultPeerListen),
		Advertise:  b.text("advertise", ""),
		Join:       b.texts("join"),
	}
	if b.has("advertise") && b.sound("advertise") {
		b.advertise(c.Advertise)
	}
	for i, j := range c.Join {
		host, port, why := splitAddress(strings.TrimPrefix(j, "dns+"))
		if why == "" && host == "" {
			why = "the host is missing"
		}
		if why == "" && port == 0 {
			why = "port 0 cannot be reached"
		}
		if why != "" {
			d.errorf(b.element("join", i), "Invalid address", "join has %q: %s. Write host:port, such as \"gw-1:7946\", or dns+name:port.", clip(j), why)
		}
	}
	b.require("secret", `secret = env("LLMGW_CLUSTER_SECRET"); "llmgw keygen" makes one`)
	c.Secret = b.clusterSecret()
	return c
}

// advertise refuses addresses that no other node could reach.
func (b *body) advertise(s string) {
	const write = `Write the address that other nodes reach this one at, such as "10.0.0.11:7946", or leave it out`
	host := s
	if _, err := netip.ParseAddr(s); err != nil && strings.Contains(s, ":") {
		var why string
		if host, _, why = splitAddress(s); why != "" {
			b.fail("advertise", "Invalid address", "advertise is %q: %s. %s.", clip(s), why, write)
			return
		}
	}
	a, err := netip.ParseAddr(host)
	switch {
	case wildcard(host):
		b.fail("advertise", "Invalid address", "advertise is %q, which stands for every address. %s.", clip(s), write)
	case !validHost(host), err == nil && a.IsMulticast():
		b.fail("advertise", "Invalid address", "advertise is %q, which is not the address of one host. %s.", clip(s), write)
	}
}

func (b *body) clusterSecret() Secret {
	s := b.secret("secret")
	if !b.has("secret") || !b.sound("secret") {
		return ""
	}
	key, err := decodeBase64(s.Reveal())
	switch {
	case err != nil:
		b.fail("secret", "Invalid secret", "secret must be base64. \"llmgw keygen\" makes one.")
	case len(key) != secretSize:
		b.fail("secret", "Invalid secret", "secret must be the base64 of %d bytes; this is the base64 of %d. \"llmgw keygen\" makes one.", secretSize, len(key))
	default:
		return Secret(base64.StdEncoding.EncodeToString(key))
	}
	return ""
}
