package trust_test

import (
	"os"
	"testing"
)

// TestUnreadableAuthority: a directory of authorities may have files that are none of the user's business, as
// the key of a server that root put beside its certificate.
func TestUnreadableAuthority(t *testing.T) {
	p := newPlace(t, startClouds(t), podUser)
	s := inputs["SSL_CERT_DIR"].make(t, p)
	key := p.write(t, p.dir+"/key.pem", "key")
	p.own(t, root)
	must(t, os.Chmod(key, 0o600))
	if r := p.run(t, s); !s.used(r) {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
}
