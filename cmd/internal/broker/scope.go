package broker

import (
	"strings"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/provider"
)

// A ScopeLine is one line of a scope, for people and programs.
type ScopeLine struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// ScopeLines splits a scope into its lines. A label can be there more than once.
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

// ShortID returns the part of a cache ID that is enough to tell the scopes of a node apart.
func ShortID(id string) string { return id[:12] }

// shortID is ShortID for a scope.
func shortID(scope provider.Scope) string { return ShortID(cache.ID(scope)) }
