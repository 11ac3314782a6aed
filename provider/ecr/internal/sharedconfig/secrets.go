package sharedconfig

import (
	"strings"

	"github.com/pullpass/pullpass/provider/scrub"
)

// Secrets returns the secrets in the files, of all profiles: the values of the keys that name one, and what
// can be a secret in a URL.
func Secrets(files ...File) []string {
	var found []string
	for _, file := range files {
		for line := range strings.SplitSeq(string(file.Text), "\n") {
			key, text, ok := property(line)
			switch {
			case !ok:
			case strings.Contains(text, "://"):
				found = append(found, scrub.InURL(text)...)
			case strings.HasSuffix(key, "_file"):
			case strings.Contains(key, "secret"), strings.Contains(key, "token"), strings.Contains(key, "password"):
				found = append(found, text, strings.TrimSpace(withoutComment(text)))
			}
		}
	}
	return found
}
