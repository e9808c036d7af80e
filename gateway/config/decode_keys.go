package config

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
)

// placedKey is where a client's key was configured.
type placedKey struct {
	name string
	at   hcl.Range
}

func (d *decoder) apiKey(in *hcl.Block) APIKey {
	k := APIKey{Name: in.Labels[0]}
	b := d.block(quoted("api_key", k.Name), in, schema("key sha256 enabled models", "limits"))
	d.label(in, "")
	digest, ok := b.digest()
	if ok {
		k.Digest = digest
		d.sameKey(b, digest, k.Name)
	}
	k.Enabled = b.bool("enabled", true)
	if !k.Enabled {
		d.warnf(b.at("enabled"), "Key disabled", "Requests with the key %q are refused.", k.Name)
	}
	k.Models = b.models()
	if l := b.single("limits"); l != nil {
		k.Limits = d.limits(l)
	}
	return k
}

// digest reads a key or its digest, of which there must be one.
func (b *body) digest() (sum [32]byte, ok bool) {
	const write = `Write key = env("..."), or sha256 = "..." with what "llmgw hash-key" prints`
	switch {
	case b.has("key") && b.has("sha256"):
		b.d.errorf(b.at("sha256"), "Key and digest", "%s has both key and sha256. Keep one of the two.", b.name)
		b.secret("key")
		b.text("sha256", "")
		return sum, false
	case b.has("key"):
		k := b.secret("key")
		if !b.sound("key") {
			return sum, false
		}
		if k == "" {
			b.fail("key", "Empty key", "The key of %s is empty. %s.", b.name, write)
			return sum, false
		}
		return sha256.Sum256([]byte(k.Reveal())), true
	case b.has("sha256"):
		s := b.text("sha256", "")
		if !b.sound("sha256") {
			return sum, false
		}
		raw, err := hex.DecodeString(s)
		if err != nil || len(raw) != len(sum) {
			b.fail("sha256", "Invalid digest", "sha256 must be 64 hexadecimal digits; \"llmgw hash-key\" prints them.")
			return sum, false
		}
		return [32]byte(raw), true
	}
	if !b.broken {
		b.d.errorf(b.where, "Missing key", "%s has neither key nor sha256. %s.", b.name, write)
	}
	return sum, false
}

// sameKey reports one key under two names: requests could not tell them apart.
func (d *decoder) sameKey(b *body, sum [32]byte, name string) {
	at := b.at("key")
	if b.has("sha256") {
		at = b.at("sha256")
	}
	was, found := d.keys[sum]
	if !found {
		d.keys[sum] = placedKey{name, at}
		return
	}
	if was.name == name {
		return // the label's duplicate is reported
	}
	d.twice(at, was.at, "Same key twice", "api_key %q and api_key %q are the same key, so a request cannot tell which it is. Give one of them another key.", was.name, name)
}

func (b *body) models() []string {
	list := b.texts("models")
	if b.has("models") && b.sound("models") && len(list) == 0 {
		b.fail("models", "No model allowed", "models is empty: the key could use none. Leave it out to allow all, or write enabled = false.")
	}
	for i, m := range list {
		if why := badModel(m); why != "" {
			b.d.errorf(b.element("models", i), "Invalid model", "models has %q, which %s.", clip(m), why)
		}
	}
	return list
}

// badModel says why a string is no model's name and no pattern.
func badModel(m string) string {
	switch {
	case m == "":
		return "is empty; write a model's name or a pattern such as \"gpt-*\""
	case len(m) > 256:
		return "is longer than 256 bytes"
	case strings.TrimSpace(m) != m:
		return "begins or ends with white space"
	case strings.ContainsFunc(m, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "holds a character that cannot be printed"
	}
	return ""
}

func (d *decoder) limits(in *hcl.Block) Limits {
	b := d.block("limits", in, schema("requests_per_minute tokens_per_minute concurrent_requests usd_per_day", ""))
	const most = math.MaxInt32
	return Limits{
		RequestsPerMinute:  b.int("requests_per_minute", 0, 0, most),
		TokensPerMinute:    b.int("tokens_per_minute", 0, 0, 1e12),
		ConcurrentRequests: b.int("concurrent_requests", 0, 0, most),
		USDPerDay:          b.amount("usd_per_day", 0),
	}
}
