package kubeletconfig

import (
	"slices"
	"strings"
)

// WithoutHead returns a config in YAML without the comments at its beginning.
func WithoutHead(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	first := slices.IndexFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "#") })
	return []byte(strings.Join(lines[max(first, 0):], ""))
}
