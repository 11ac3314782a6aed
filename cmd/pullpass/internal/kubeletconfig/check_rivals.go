package kubeletconfig

import (
	"fmt"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// rivals notes the providers that are asked for the same images.
func (c *checker) rivals() {
	for i, second := range c.claims {
		for _, first := range c.claims[:i] {
			c.file = second.file
			c.rival(first, second)
		}
	}
}

// rival notes the first pattern of a provider that overlaps with one of a provider before it.
func (c *checker) rival(first, second claim) {
	for i, pattern := range second.patterns {
		for _, other := range first.patterns {
			if !Overlap(pattern.text, other.text) {
				continue
			}
			text := fmt.Sprintf("selects images that %s selects with %s: the kubelet runs both plugins and tries the credentials of both",
				strictyaml.Shown(first.name), strictyaml.Shown(other.text))
			c.note(pattern, fmt.Sprintf("%s.matchImages[%d]", second.at, i), text, "")
			return
		}
	}
}
