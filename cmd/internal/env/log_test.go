package env

import (
	"errors"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// TestLogScrubs: secrets are taken out of all lines, before anything of them is cut off.
func TestLogScrubs(t *testing.T) {
	const secret = "s3cret-of-the-node"
	var out strings.Builder
	log := &Log{Out: &out, Verbose: true}
	log.Scrubber.Hide(secret, "two\nlines of a secret")
	log.Error(provider.WithHint(errors.New("no "+secret), "use "+secret))
	log.Warn(secret)
	log.Note("%s", secret)
	log.Debug("%q", secret)
	log.Warn("it is two\nlines of a secret")
	log.Warn(strings.Repeat(".", maxLine-4) + secret)
	const long = "pullpass: warning: "
	want := "pullpass: error: no REDACTED\npullpass: hint: use REDACTED\npullpass: warning: REDACTED\npullpass: note: REDACTED\n" +
		"pullpass: debug: \"REDACTED\"\npullpass: warning: it is REDACTED\n" + long + strings.Repeat(".", maxLine-4) + "REDA…\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}
