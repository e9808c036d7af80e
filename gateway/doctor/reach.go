package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// patience bounds one check that costs no tokens.
const patience = 10 * time.Second

// reach checks the way to the instance and its credentials. false: there is no
// sense in asking for more.
func (x *patient) reach(ctx context.Context) bool {
	u := x.instance.BaseURL
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	ok := x.check("address", func() (Status, string) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		found, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
		if err != nil {
			return Fail, fmt.Sprintf("%s cannot be looked up; check base_url and this machine's DNS", u.Hostname())
		}
		return Pass, strings.Join(found[:min(len(found), 3)], " ")
	})
	if !ok {
		return false
	}
	if !x.check("connection", func() (Status, string) { return dial(ctx, address, nil) }) {
		return false
	}
	ok = x.check("tls", func() (Status, string) {
		if u.Scheme != "https" {
			return Skip, "base_url is http: credentials travel unencrypted"
		}
		return dial(ctx, address, &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12})
	})
	return ok && x.credentials(ctx)
}

func dial(ctx context.Context, address string, secure *tls.Config) (Status, string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return Fail, fmt.Sprintf("%s does not take connections: %v", address, unwrapped(err))
	}
	defer c.Close()
	if secure == nil {
		return Pass, address
	}
	t := tls.Client(c, secure)
	if err := t.HandshakeContext(ctx); err != nil {
		return Fail, "the TLS handshake fails: " + err.Error()
	}
	s := t.ConnectionState()
	return Pass, fmt.Sprintf("%s, certificate until %s", tls.VersionName(s.Version), s.PeerCertificates[0].NotAfter.Format(time.DateOnly))
}

func unwrapped(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// credentials asks for the list of models, which costs nothing.
func (x *patient) credentials(ctx context.Context) bool {
	var status int
	var body []byte
	ok := x.check("credentials", func() (Status, string) {
		var err error
		if status, body, err = x.get(ctx, "/models"); err != nil {
			return Fail, err.Error()
		}
		switch {
		case status == 401 || status == 403 || strings.Contains(string(body), "API_KEY_INVALID"):
			return Fail, fmt.Sprintf("HTTP %d: the provider refuses api_key of this instance", status)
		case status == 404 || status == 405:
			return Skip, fmt.Sprintf("HTTP %d: it has no list of models, so nothing tells without --live", status)
		case status != 200:
			return Fail, fmt.Sprintf("HTTP %d for %s/models", status, x.instance.BaseURL)
		}
		return Pass, "accepted"
	})
	if !ok || status != 200 {
		return ok
	}
	x.listed = modelNames(body)
	return x.check("models", func() (Status, string) {
		if len(x.listed) == 0 {
			return Skip, "the list is empty or not readable"
		}
		return Pass, fmt.Sprintf("%d listed", len(x.listed))
	}) && x.check("routes", x.routes)
}

// routes checks that the provider has the models which routes name exactly.
func (x *patient) routes() (Status, string) {
	known, missing := 0, []string(nil)
	for _, r := range x.config.Routes {
		name := r.Model
		if name == "" {
			name = r.Pattern
		}
		if r.Provider != x.provider.Name || hasStar(name) {
			continue
		}
		// An alias stands for a dated name, and is often not listed itself.
		if slices.ContainsFunc(x.listed, func(m string) bool { return m == name || strings.HasPrefix(m, name+"-") }) {
			known++
		} else {
			missing = append(missing, name)
		}
	}
	switch {
	case len(x.listed) == 0, known == 0 && len(missing) == 0:
		return Skip, "no route to this provider names a model exactly"
	case len(missing) > 0:
		return Skip, "not listed: " + strings.Join(missing, ", ") + "; an alias or a mistake, which --live tells"
	}
	return Pass, fmt.Sprintf("all %d models that routes name are listed", known)
}

// get asks the instance itself, with its credentials.
func (x *patient) get(ctx context.Context, path string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, x.instance.BaseURL.JoinPath(path).String(), nil)
	if err != nil {
		return 0, nil, err
	}
	if key := x.instance.APIKey.Reveal(); key != "" {
		switch x.provider.Dialect {
		case "anthropic":
			r.Header.Set("X-Api-Key", key)
		case "gemini":
			r.Header.Set("X-Goog-Api-Key", key)
		default:
			r.Header.Set("Authorization", "Bearer "+key)
		}
	}
	if x.provider.Dialect == "anthropic" {
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	for name, v := range x.instance.Headers {
		r.Header.Set(name, v.Reveal())
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", unwrapped(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return 0, nil, errors.New("the answer broke off")
	}
	return resp.StatusCode, body, nil
}

// modelNames reads a list in any dialect's form.
func modelNames(body []byte) []string {
	var list struct {
		Data   []struct{ ID string }
		Models []struct{ Name string }
	}
	if json.Unmarshal(body, &list) != nil {
		return nil
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	for _, m := range list.Models {
		names = append(names, strings.TrimPrefix(m.Name, "models/"))
	}
	return names
}
