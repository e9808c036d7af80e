package main

import (
	"bytes"
	"strings"
	"testing"
)

// A digest of anything but a key would be one that no request ever has.
func TestHashKeyTakesOneKey(t *testing.T) {
	const digest = "8873a5c68c94a7a2d6bafacca481e16616afd3aea8dbabae6ce2eac110c1aa67"
	for in, want := range map[string]string{
		"sk-foo": digest, "sk-foo\n": digest, "sk-foo\r\n": digest,
		"sk-foo\nsk-bar\n": "", " sk-foo\n": "", "sk-foo \n": "", "\n": "", "": "",
	} {
		var out, errs bytes.Buffer
		status := run(t.Context(), []string{"hash-key"}, world{in: strings.NewReader(in), out: &out, err: &errs})
		if got := strings.TrimSpace(out.String()); got != want || (status == 0) != (want != "") {
			t.Errorf("%q: exit %d, %q, %q", in, status, got, errs.String())
		}
		if strings.Contains(errs.String(), "sk-") {
			t.Errorf("%q: the message shows the key: %s", in, errs.String())
		}
	}
}
