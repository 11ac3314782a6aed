package broker

import (
	"strings"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
)

// A ScopeLine is one line of a scope.
type ScopeLine struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// ScopeLines returns the lines of a scope in their order. Several can have the same label.
func ScopeLines(scope provider.Scope) []ScopeLine {
	var lines []ScopeLine
	for line := range strings.Lines(string(scope)) {
		label, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		lines = append(lines, ScopeLine{label, value})
	}
	return lines
}

// ScopeProvider returns the name of a scope's backend, "" if it has none.
func ScopeProvider(scope provider.Scope) string {
	for _, line := range ScopeLines(scope) {
		if line.Label == "provider" {
			return line.Value
		}
	}
	return ""
}

// ShortID returns the beginning of a cache ID, which is enough to identify a scope on a node.
func ShortID(id string) string { return id[:12] }

// shortID is ShortID for a scope.
func shortID(scope provider.Scope) string { return ShortID(cache.ID(scope)) }
