package kubeletconfig

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// maxComparisons bounds the work for the patterns of different providers, each of which is compared with each
// other one. It is that of 2000 patterns of the usual length.
const maxComparisons = 1 << 30 // pairs of bytes

// rivals notes the providers that are asked for the same images.
func (c *checker) rivals() {
	left := maxComparisons
	globs := make([][]glob, len(c.claims))
	for i, claim := range c.claims {
		for _, pattern := range claim.patterns {
			g, _ := parseGlob(pattern.text) // those that cannot be read are no patterns of a claim
			globs[i] = append(globs[i], g)
		}
	}
	for i, second := range c.claims {
		for j, first := range c.claims[:i] {
			c.file = second.file
			if c.rival(first, second, globs[j], globs[i], &left); left < 0 {
				c.note(value{line: second.line}, second.at, "the files have so many patterns that not all of them were compared with each other", "")
				return
			}
		}
	}
}

// rival notes the first pattern of a provider that overlaps with one of a provider before it. It subtracts
// the size of the patterns that it compares from left, and stops below 0.
func (c *checker) rival(first, second claim, firstGlobs, secondGlobs []glob, left *int) {
	for i, g := range secondGlobs {
		for j, other := range firstGlobs {
			if *left -= (len(g.text) + 1) * (len(other.text) + 1); *left < 0 {
				return
			}
			if !g.overlaps(other) {
				continue
			}
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
