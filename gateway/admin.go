package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveAdmin runs the admin listener until shut closes it.
func (n *Node) serveAdmin() {
	if err := n.admin.Serve(n.adminListener); err != nil && err != http.ErrServerClosed {
		n.log.Error("the admin listener ended", "error", err)
	}
}

func (n *Node) newAdmin() *http.Server {
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(n.metrics.registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		n.countSessions()
		metrics.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /api/members", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.membersView(r.Context())) })
	mux.HandleFunc("GET /api/ring", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.ringView()) })
	mux.HandleFunc("GET /api/ring/{key}", n.ringOf)
	mux.HandleFunc("GET /api/instances", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.instancesView()) })
	mux.HandleFunc("GET /api/sessions", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.sessionsView(r.Context())) })
	mux.HandleFunc("GET /api/limits", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.limitsView(r.Context())) })
	mux.HandleFunc("GET /api/stats", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, n.statsView(r.Context())) })
	mux.HandleFunc("GET /{$}", page())
	mux.HandleFunc("POST /api/reload", n.reloadOf)
	mux.HandleFunc("POST /api/stop", n.stopOf)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		if why := n.notReady(); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	return &http.Server{Handler: n.guard(mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
}

// guard asks for the token where one is configured.
func (n *Node) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := n.snap.Load().config.Admin.Token.Reveal()
		if token != "" && r.URL.Path != "/" { // the page holds nothing; it asks for the token itself
			scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			if !strings.EqualFold(scheme, "Bearer") {
				given = ""
			}
			a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
			if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
				w.Header().Set("WWW-Authenticate", `Bearer realm="llmgw admin"`)
				writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "send the admin token as 'Authorization: Bearer TOKEN'"})
				return
			}
		} else if token == "" && !local(r.Host) || r.Method == http.MethodPost && crossSite(r) {
			// Without a token, loopback is the guard; a web page in a local
			// browser must not pass it, nor one whose own name leads here.
			writeJSON(w, http.StatusForbidden, map[string]string{"error": "requests from web pages are not accepted"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// local tells whether a Host header is an address or localhost: no name that
// somebody else's page can have.
func local(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost") || host == ""
}

func crossSite(r *http.Request) bool {
	return r.Header.Get("Origin") != "" && r.Header.Get("Origin") != "http://"+r.Host
}

type memberView struct {
	Name          string  `json:"name"`
	Address       string  `json:"address"`
	APIAddress    string  `json:"api_address"`
	State         string  `json:"state"`
	Version       string  `json:"version"`
	RingShare     float64 `json:"ring_share"`
	Sessions      int     `json:"sessions"`
	ConfigDigest  string  `json:"config_digest"`
	UptimeSeconds float64 `json:"uptime_seconds"`
	Self          bool    `json:"self"`
	Serving       bool    `json:"serving"`
	Superseded    bool    `json:"superseded,omitempty"`
}

func (n *Node) membersView(ctx context.Context) map[string][]memberView {
	told := n.askAll(ctx, "/self")
	shares := n.placement.view.Load().ring.Shares()
	list := []memberView{}
	for _, m := range *n.members.Load() {
		v := memberView{
			Name: m.Name, Address: m.Address, APIAddress: m.APIAddress, State: m.State, Version: m.Version,
			ConfigDigest: m.ConfigDigest, Self: m.Self, Serving: m.Serving, Superseded: m.Superseded,
		}
		if m.Serving {
			v.RingShare = shares[m.Name]
		}
		if s, ok := told[m.Name]; ok && !m.Superseded {
			v.Sessions, v.UptimeSeconds = s.Sessions, s.UptimeSeconds
		}
		list = append(list, v)
	}
	return map[string][]memberView{"members": list}
}

type shareView struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

func (n *Node) ringView() any {
	r := n.placement.view.Load().ring
	shares := r.Shares()
	list := []shareView{}
	for _, name := range r.Names() {
		list = append(list, shareView{name, shares[name]})
	}
	return map[string]any{"nodes": list, "print": fmt.Sprintf("%016x", r.Print())}
}

func (n *Node) ringOf(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	if n.snap.Load().keys[key] == nil {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("no api_key is called %q", key)})
		return
	}
	owner, standby := n.placement.of(key)
	v := map[string]any{"key": key, "partition": n.placement.view.Load().ring.Partition(key), "owner": owner.name, "standby": ""}
	if standby.name != owner.name {
		v["standby"] = standby.name
	}
	writeJSON(w, 200, v)
}

type instanceView struct {
	Provider   string               `json:"provider"`
	Instance   string               `json:"instance"`
	State      string               `json:"state"`
	Healthy    bool                 `json:"healthy"`
	Since      *time.Time           `json:"since"`
	Reason     string               `json:"reason"`
	ReportedBy string               `json:"reported_by"`
	RetryAt    *time.Time           `json:"retry_at"`
	Priority   int                  `json:"priority"`
	Weight     int                  `json:"weight"`
	Cooling    map[string]time.Time `json:"cooling,omitempty"`
}

func (n *Node) instancesView() map[string][]instanceView {
	s := n.snap.Load()
	list := []instanceView{}
	for _, r := range n.health.Rows() {
		v := instanceView{
			Provider: r.Provider, Instance: r.Instance, State: r.State, Healthy: r.Healthy, Since: moment(r.Since),
			Reason: r.Reason, ReportedBy: r.ReportedBy, RetryAt: moment(r.RetryAt), Cooling: r.Cooling,
		}
		if r.Here {
			v.Reason += " (from this node alone)"
		}
		if p := s.providers[r.Provider]; p != nil {
			for _, in := range p.instances {
				if in.Name == r.Instance {
					v.Priority, v.Weight = in.Priority, in.Weight
				}
			}
		}
		list = append(list, v)
	}
	return map[string][]instanceView{"instances": list}
}

// moment is a time in JSON, null where there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// sessionsView is the whole fleet's live sessions: any node can be asked.
func (n *Node) sessionsView(ctx context.Context) map[string][]sessionView {
	newest := make(map[[3]string]sessionView) // a session whose key changed its owner is known to both
	for _, s := range n.askAll(ctx, "/sessions") {
		for _, v := range s.Rows {
			id := [3]string{v.APIKey, v.Conversation, v.Provider}
			if old, ok := newest[id]; !ok || v.LastRequest.After(old.LastRequest) {
				newest[id] = v
			}
		}
	}
	list := slices.AppendSeq([]sessionView{}, maps.Values(newest))
	slices.SortFunc(list, func(a, b sessionView) int {
		return strings.Compare(a.APIKey+"\x00"+a.Provider+"\x00"+a.Conversation, b.APIKey+"\x00"+b.Provider+"\x00"+b.Conversation)
	})
	return map[string][]sessionView{"sessions": list}
}

func (n *Node) reloadOf(w http.ResponseWriter, _ *http.Request) {
	changes, err := n.Reload()
	if err != nil {
		writeJSON(w, http.StatusConflict, map[string]string{"error": err.Error()})
		return
	}
	if changes == nil {
		changes = []string{}
	}
	writeJSON(w, 200, map[string][]string{"changes": changes})
}

// stopOf answers first and stops then; the process ends as after SIGTERM.
func (n *Node) stopOf(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusAccepted, map[string]string{"status": "stopping"})
	select {
	case n.stopAsked <- struct{}{}:
	default:
	}
}

// StopRequested delivers when the admin listener was asked to stop this node;
// who runs the node then calls Stop.
func (n *Node) StopRequested() <-chan struct{} { return n.stopAsked }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // the reader is gone: nobody is left to tell
}
