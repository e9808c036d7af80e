// Package config reads the gateway's configuration: HCL files become one
// immutable [Config], defaulted and validated in a single pass, or one error
// that lists every mistake of every file with its place and source line.
//
// It imports no other package of llmgw, keeps no state, and touches the world
// only while it loads: the files named, the variables and the host's name that
// [Options] give it. Secrets are of type [Secret], which prints masked.
package config

import (
	"encoding/base64"
	"log/slog"
	"net/url"
	"time"
)

// Config is everything that a configuration decides, with every default filled
// in. It never changes after Load: any number of goroutines may read it.
type Config struct {
	NodeName  string     // stable name of the node, unique in its cluster
	Server    Server     // the public listener
	Admin     Admin      // the admin listener
	Log       Log        // what the node writes about itself
	Cluster   *Cluster   // nil: a cluster of one
	Keys      []APIKey   // clients' keys, in the order of the files
	Providers []Provider // never empty
	Routes    []Route    // model names to providers; empty: all to the only provider of a dialect
	Prices    []Price    // USD per million tokens

	index    index
	warnings []string
}

// Server is the public listener.
type Server struct {
	Listen       string        // host:port; default 0.0.0.0:8080
	MaxBodySize  int64         // bytes a request body may have; default 10 MiB
	DrainTimeout time.Duration // what a stopping node gives to requests in flight; default 30 s
	FetchPrivate bool          // whether images that requests point to are fetched from private networks, too
	TLS          *TLS          // nil: plain HTTP
}

// TLS names a listener's certificate. Relative paths of the configuration are
// made absolute, from the folder of the file that names them.
type TLS struct {
	CertFile string // PEM, the chain
	KeyFile  string // PEM
}

// Admin is the listener for metrics, the JSON API and the dashboard.
type Admin struct {
	Listen string // host:port; default 127.0.0.1:9090
	Token  Secret // bearer token; never empty where Listen is beyond loopback
}

// Log says what the node logs.
type Log struct {
	Level  slog.Level // debug, info, warn, error; default info
	Format string     // "json" (default) or "text"
}

// Cluster is how a node finds and trusts its peers.
type Cluster struct {
	Bind       string   // gossip, TCP and UDP, host:port; default 0.0.0.0:7946
	Advertise  string   // host or host:port that others reach Bind at; "": found
	PeerListen string   // requests forwarded between nodes, host:port; default 0.0.0.0:7947
	Join       []string // "host:port" or "dns+host:port"
	Secret     Secret   // base64 of 32 bytes
}

// Key returns the cluster secret's 32 bytes, nil if it has not passed Load.
func (c *Cluster) Key() []byte {
	k, err := base64.StdEncoding.DecodeString(c.Secret.Reveal())
	if err != nil || len(k) != secretSize {
		return nil
	}
	return k
}

// secretSize is the length of a cluster secret in bytes.
const secretSize = 32

// APIKey is a client's key. The key itself is not kept, only its digest.
type APIKey struct {
	Name    string   // shown in metrics and logs in the key's place
	Digest  [32]byte // SHA-256 of the key
	Enabled bool     // default true
	Models  []string // names and patterns with *; empty: all models
	Limits  Limits
}

// Allows reports whether the key may ask for a model.
func (k *APIKey) Allows(model string) bool {
	if len(k.Models) == 0 {
		return true
	}
	for _, p := range k.Models {
		if matches(p, model) {
			return true
		}
	}
	return false
}

// Limits bounds what a key may use. Zero means: not limited.
type Limits struct {
	RequestsPerMinute  int64
	TokensPerMinute    int64
	ConcurrentRequests int64
	USDPerDay          float64
}

// Provider is a named service of one dialect.
type Provider struct {
	Name       string
	Dialect    string        // "openai", "anthropic" or "gemini"
	SessionTTL time.Duration // sliding; default 1 h
	StickyBy   []string      // of "conversation" and "api_key", the first that a request carries; default api_key
	Instances  []Instance    // never empty, in the order of the files
	Health     Health
	Cache      Cache
}

// Instance is one endpoint of a provider with its credentials.
type Instance struct {
	Name             string
	BaseURL          *url.URL          // http or https; no trailing slash, user info, query or fragment
	APIKey           Secret            // "": the instance wants none
	Priority         int               // lowest first; default 1
	Weight           int               // share among instances of one priority; default 100
	Timeout          time.Duration     // the whole call; default 600 s
	FirstByteTimeout time.Duration     // until the answer begins; default 120 s, at most Timeout
	IdleTimeout      time.Duration     // between two pieces of a stream; default 60 s, at most Timeout
	Headers          map[string]Secret // sent with every call; nil: none

	id string
}

// ID names the instance over reloads and on all nodes:
// provider/instance@8 hex digits of its base URL and credentials. An instance
// that moves or changes its credentials is another one, of which nothing is
// known yet.
func (i *Instance) ID() string { return i.id }

// Health is how a provider's instances are judged.
type Health struct {
	RecoveryAfter time.Duration // until the first trial after a failure; default 60 s
	Probe         *Probe        // nil: no active checks
}

// Probe is an active check of each instance.
type Probe struct {
	Path     string        // appended to the base URL, begins with /
	Interval time.Duration // default 10 s
	Timeout  time.Duration // default 2 s
}

// Cache says which prompt-cache marks the gateway sets by itself.
type Cache struct {
	AutoCacheSystem bool // default true
	MinSystemTokens int  // default 1024
	AutoCacheTools  bool // default true
}

// Route sends the models that match its pattern to a provider.
type Route struct {
	Pattern     string   // a model's name, or a pattern with *
	Provider    string   // name of a provider of this configuration
	Model       string   // what the provider is asked for; "": the name that was asked for
	Fallback    []string // models to try in turn when the provider has nothing left
	DisplayName string   // in model lists; "": the name
}

// Price is what a model's tokens cost, in USD per million.
type Price struct {
	Pattern    string
	Input      float64 // input tokens that came from no cache
	Output     float64
	CacheRead  float64 // default: Input
	CacheWrite float64 // default: Input
}

// Warnings lists what is likely not meant, a text with place and source line
// each. A configuration with warnings is valid.
func (c *Config) Warnings() []string { return c.warnings }
