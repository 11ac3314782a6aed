package kubeletconfig

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// Limits of the comparison of each pattern with those of all other providers. Without them, a file of 1 MiB
// takes hours, and gigabytes for its notes.
const (
	maxCompared = 1 << 25 // pairs of bytes: some 50,000 pairs of patterns of the usual length
	maxRivals   = 200     // notes
)

// A rivalry compares the patterns of providers.
type rivalry struct {
	compared, found int
}

// full reports whether a limit is reached.
func (r *rivalry) full() bool { return r.compared > maxCompared || r.found > maxRivals }

// overlap reports whether two patterns, which select some image each, select a common one.
func (r *rivalry) overlap(a, b glob) bool {
	if len(a.labels) == 0 || !a.sameForm(b) {
		r.compared += 64
		return false
	}
	r.compared += (len(a.text) + 1) * (len(b.text) + 1)
	return !r.full() && a.overlaps(b)
}

// rivals notes the providers that are asked for the same images.
func (c *checker) rivals() {
	var r rivalry
	globs := make([][]glob, len(c.claims))
	for i, claim := range c.claims {
		for _, pattern := range claim.patterns {
			g, err := parseGlob(pattern.text)
			if err != nil || g.never() != "" {
				g = glob{} // which has the form of no other
			}
			globs[i] = append(globs[i], g)
		}
	}
	for i, second := range c.claims {
		for j, first := range c.claims[:i] {
			c.file = second.file
			if c.rival(first, second, globs[j], globs[i], &r); r.full() {
				c.note(value{line: second.line}, second.at, "there are too many patterns to compare all of them with each other", "")
				return
			}
		}
	}
}

// rival notes the first pattern of a provider that overlaps with one of a provider before it. The globs are
// those of the patterns.
func (c *checker) rival(first, second claim, firstGlobs, secondGlobs []glob, r *rivalry) {
	for i, g := range secondGlobs {
		for j, other := range firstGlobs {
			if r.full() {
				return
			}
			if !r.overlap(g, other) {
				continue
			}
			r.found++
			with := ""
			if text := first.patterns[j].text; !strings.Contains(text, "@") {
				with = " with " + strictyaml.Shown(text)
			}
			text := fmt.Sprintf("selects images that %s selects%s: the kubelet runs both plugins and tries the credentials of both",
				strictyaml.Shown(first.name), with)
			c.note(second.patterns[i], fmt.Sprintf("%s.matchImages[%d]", second.at, i), text, "")
			return
		}
	}
}
