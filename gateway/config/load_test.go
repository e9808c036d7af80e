package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLoadFolder(t *testing.T) {
	c, err := Load("testdata/folder-merged", world())
	if err != nil {
		t.Fatal(err)
	}
	if c.NodeName != "gw-1" || c.Log.Format != "text" || len(c.Providers) != 1 || len(c.Routes) != 1 {
		t.Errorf("the files are not all there: %+v", c)
	}
	if k, ok := c.KeyByDigest(sha256.Sum256([]byte("hunter2"))); !ok || k.Name != "me" {
		t.Error("file() is not read beside its source, or not without the line break at its end")
	}
}

func TestLoadNothing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.hcl"), world())
	var d *Diagnostics
	if !errors.As(err, &d) || !strings.Contains(err.Error(), "none.hcl: no such file or directory") {
		t.Errorf("got %v", err)
	}
	big := filepath.Join(t.TempDir(), "big.hcl")
	if err := os.WriteFile(big, make([]byte, maxSource+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big, world()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(map[string][]byte{"big.hcl": make([]byte, maxSource+1)}, world()); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v", err)
	}
	wide := []byte{0xff, 0xfe}
	for _, r := range someProvider {
		wide = append(wide, byte(r), 0)
	}
	if _, err := Parse(map[string][]byte{"wide.hcl": wide}, world()); err == nil || !strings.Contains(err.Error(), "wide.hcl holds bytes that are zero: it is UTF-16") || strings.Count(err.Error(), "\n") > 3 {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(nil, world()); err == nil || !strings.Contains(err.Error(), "No provider") {
		t.Errorf("got %v", err)
	}
}

// TestZeroOptions uses the process's environment and host name.
func TestZeroOptions(t *testing.T) {
	t.Setenv("LLMGW_TEST_LEVEL", "debug")
	host, err := os.Hostname()
	if err != nil || !nodeNames.MatchString(host) {
		t.Skip("this host has no usable name")
	}
	c, err := Parse(map[string][]byte{"a.hcl": []byte(someProvider + `log { level = env("LLMGW_TEST_LEVEL") }`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.NodeName != host || levelName(c.Log.Level) != "debug" {
		t.Errorf("got %q, %v", c.NodeName, c.Log.Level)
	}
}

func TestNoHostname(t *testing.T) {
	o := world()
	o.Hostname = func() (string, error) { return "", errors.New("no name") }
	if _, err := Parse(map[string][]byte{"a.hcl": []byte(someProvider)}, o); err == nil || !strings.Contains(err.Error(), "Set node_name") {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(map[string][]byte{"a.hcl": []byte(someProvider + "node_name = \"a\"\n")}, o); err != nil {
		t.Error(err)
	}
}

func TestFunctions(t *testing.T) {
	for expr, want := range map[string]string{
		`env("EMPTY", "other")`: "other", `env("NO_SUCH", "other")`: "other", `hostname()`: "host-1", `base64decode("aGk=")`: "hi", `base64decode("aGk")`: "hi",
		`sha256("")`: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", `format("%s-%03d", "a", 7)`: "a-007", `join("-", ["a", "b"])`: "a-b",
		`split(",", "a,b")[1]`: "b", `lower("AB")`: "ab", `upper("ab")`: "AB", `trimspace(" a ")`: "a", `replace("a.b", ".", "-")`: "a-b",
		`concat(["a"], ["b"])[1]`: "b", `merge({ a = "x" }, { a = "y" }).a`: "y", `jsonencode({ a = [1] })`: `{"a":[1]}`, `coalesce(null, "b")`: "b",
		`"${upper("a")}-${1 + 2}"`: "A-3", `join("", [for s in ["a", "b"] : upper(s)])`: "AB", `true ? "a" : "b"`: "a", `chomp("a\n")`: "a", `substr("abc", 1, 1)`: "b",
	} {
		c := parse(t, someProvider+"route \"r\" {\n  provider = \"openai\"\n  display_name = "+expr+"\n}\n")
		if got := c.Routes[0].DisplayName; got != want {
			t.Errorf("%s is %q, want %q", expr, got, want)
		}
	}
}

// TestBombs are small texts that would grow beyond all bounds.
func TestBombs(t *testing.T) {
	for name, expr := range map[string]string{
		"nesting":         strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"templates":       strings.Repeat(`"${`, 5000) + strings.Repeat(`}"`, 5000),
		"negations":       strings.Repeat("!", 100_000) + "true",
		"sum":             "1" + strings.Repeat("+1", 100_000),
		"conditions":      strings.Repeat("true?1:", 100_000) + "1",
		"width":           `format("%999999999d", 1)`,
		"digits":          `format("%d", "1e999999999")`,
		"number":          `"${1e999999999}"`,
		"string number":   `"${"1e999999999" * 1}"`,
		"negative number": `"${-"1e999999999"}"`,
		"replace":         strings.Repeat(`replace(`, 8) + `"` + strings.Repeat("a", 100) + `"` + strings.Repeat(`,"a","`+strings.Repeat("a", 100)+`")`, 8),
		"join":            `join(join(join("` + strings.Repeat("a", 1000) + `", split("", "` + strings.Repeat("a", 1000) + `")), split("", "` + strings.Repeat("a", 1000) + `")), ["", ""])`,
		"for":             `[for a in ["x"]: [for b in ["x"]: b]]`,
		"split":           `split("", "` + strings.Repeat("a", 10_000) + `")`,
		"json":            strings.Repeat("jsonencode(", 40) + `"\""` + strings.Repeat(")", 40),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse(map[string][]byte{"a.hcl": []byte("node_name = " + expr + "\n" + someProvider)}, world())
			if err == nil {
				t.Error("it is accepted")
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if n := len(err.Error()); n > 10_000 {
				t.Errorf("the error has %d bytes", n)
			}
		})
	}
}

// TestTLS makes a certificate and names it relative to the configuration.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"tls.crt":     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key":     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		"gateway.hcl": []byte("server {\n  tls {\n    cert_file = \"tls.crt\"\n    key_file = \"./tls.key\"\n  }\n}\n" + someProvider),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(filepath.Join(folder, "gateway.hcl"), world())
	if err != nil {
		t.Fatal(err)
	}
	if *c.Server.TLS != (TLS{filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")}) {
		t.Errorf("the paths are %+v", c.Server.TLS)
	}
	if !strings.Contains(string(c.Show()), "tls {") {
		t.Error("Show leaves TLS out")
	}
	if got := NeedsRestart(parse(t, someProvider), c); len(got) != 1 || got[0] != "server: tls added" {
		t.Errorf("adding TLS is told as %q", got)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "512KiB": 512 << 10, "10 MiB": 10 << 20, "1GiB": 1 << 30, "7B": 7} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "1MB", "-1KiB", "1.5MiB", "9223372036854775807KiB", "1 0", "0x10"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%s is read as %d", text, got)
		}
	}
	for n, want := range map[int64]string{10 << 20: "10MiB", 1025: "1025", 3 << 30: "3GiB", 5 << 10: "5KiB"} {
		if got := formatSize(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}
