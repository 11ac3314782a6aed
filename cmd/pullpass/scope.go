package main

import (
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// A scopeLine is a line of a scope, as people and programs get to see it.
type scopeLine struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// scopeLines takes a scope apart. Labels can repeat.
func scopeLines(scope provider.Scope) []scopeLine {
	var lines []scopeLine
	for line := range strings.Lines(string(scope)) {
		label, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		lines = append(lines, scopeLine{label, value})
	}
	return lines
}

// scopeProvider names the backend of a scope.
func scopeProvider(scope provider.Scope) string {
	for _, line := range scopeLines(scope) {
		if line.Label == "provider" {
			return line.Value
		}
	}
	return ""
}

// shortID is how much of the cache's ID tells the scopes of a node apart.
const shortID = 12
