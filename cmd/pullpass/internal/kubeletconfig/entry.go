package kubeletconfig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	nodeconfig "github.com/pullpass/pullpass/node-config"
	"github.com/pullpass/pullpass/provider"
)

// EntryName is the name of pullpass's entry, and of the binary: the kubelet finds the one by the other.
const EntryName = "pullpass"

// processorsVariable limits how many processors the Go runtime uses. The runtime allocates for each of them:
// on a large node, that takes several times as long as the answer. A request needs only one.
const processorsVariable = "GOMAXPROCS"

func newEntry(patterns []string) Entry {
	return Entry{Name: EntryName, MatchImages: patterns, Env: []Env{{processorsVariable, "1"}}}
}

// IsUsual reports whether every entry has this variable. Its value is no secret.
func (v Env) IsUsual() bool { return v.Name == processorsVariable }

// AddEnv adds variables. They replace those of the same name.
func (e *Entry) AddEnv(variables []Env) {
	isReplaced := func(old Env) bool {
		return slices.ContainsFunc(variables, func(v Env) bool { return v.Name == old.Name })
	}
	e.Env = append(slices.DeleteFunc(e.Env, isReplaced), variables...)
}

// Served returns the entry for all that pullpass serves: the patterns of the config in node-config, and
// those of the backends and of the rules of pullpass's own config that overlap with none before them. It is
// an error if the config in node-config cannot be read.
func Served(backends provider.Backends, rules []provider.Pattern) (Entry, error) {
	patterns, err := servedPatterns(backends)
	if err != nil {
		return Entry{}, err
	}
	entry := newEntry(patterns)
	for _, rule := range rules {
		// A rule serves only hosts of its backend. So a wider pattern than an existing one adds
		// nothing. One with a port does.
		entry.MatchImages = appendApart(entry.MatchImages, lowerHost(rule.String()))
	}
	return entry, nil
}

// servedPatterns returns the patterns of the config in node-config, and one for each form of a backend's
// hosts that these do not cover.
func servedPatterns(backends provider.Backends) ([]string, error) {
	patterns, err := shippedPatterns()
	for _, backend := range backends {
		for _, pattern := range backend.Hosts.Patterns() {
			patterns = appendApart(patterns, pattern)
		}
	}
	return patterns, err
}

// appendApart adds a pattern, unless one of patterns overlaps with it.
func appendApart(patterns []string, pattern string) []string {
	if slices.ContainsFunc(patterns, func(there string) bool { return Overlap(there, pattern) }) {
		return patterns
	}
	return append(patterns, pattern)
}

func shippedPatterns() ([]string, error) {
	data, err := nodeconfig.Read(shippedName)
	if err != nil {
		return nil, err
	}
	providers, err := Providers(shippedName, data)
	if err != nil {
		return nil, err
	}
	if len(providers) != 1 {
		return nil, fmt.Errorf("%s: must have one provider, has %d", shippedName, len(providers))
	}
	return providers[0].MatchImages, nil
}

// Select returns the entry for some registries, each HOST, HOST/PATH or a pattern. It is an error if one of
// them can select no image, or if pullpass serves none of its images, neither by a backend nor by a rule.
// The error names the registry.
func Select(registries []string, backends provider.Backends, rules []provider.Pattern) (Entry, error) {
	served, err := servedPatterns(backends)
	if err != nil {
		return Entry{}, err
	}
	entry := newEntry(nil)
	for _, registry := range registries {
		pattern, err := provider.ParsePattern(registry)
		if err != nil {
			return Entry{}, provider.WithHint(fmt.Errorf("registry %q: %w", registry, err), hint(registry))
		}
		text := lowerHost(registry)
		g, err := parseGlob(text)
		if err != nil {
			return Entry{}, fmt.Errorf("registry %q: the kubelet would refuse the pattern", registry)
		}
		if reason := g.never(); reason != "" {
			return Entry{}, provider.WithHint(fmt.Errorf("registry %q: the kubelet would never find an image for it: %s", registry, reason), hint(registry))
		}
		if !backends.Serve(pattern) && !slices.ContainsFunc(rules, func(rule provider.Pattern) bool { return Overlap(lowerHost(rule.String()), text) }) {
			meant := "it serves " + titles(backends) + "; for others see pullpass secret"
			if near := g.near(served); near != "" {
				meant = "did you mean " + near + "?"
			}
			return Entry{}, provider.WithHint(fmt.Errorf("registry %q: pullpass does not serve it", registry), meant)
		}
		if !slices.Contains(entry.MatchImages, text) {
			entry.MatchImages = append(entry.MatchImages, text)
		}
	}
	if len(entry.MatchImages) == 0 {
		return Entry{}, errors.New("no registry is named")
	}
	return entry, nil
}

// titles names the registries of all backends: Amazon ECR, Google Artifact Registry and Docker Hub.
func titles(backends provider.Backends) string {
	text := ""
	for i, backend := range backends {
		switch {
		case i > 0 && i == len(backends)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += backend.Title
	}
	return text
}

// lowerHost returns a pattern with its host in lower case, as in images. For the kubelet, case matters.
func lowerHost(pattern string) string {
	host, path, found := strings.Cut(pattern, "/")
	if found {
		path = "/" + path
	}
	return provider.LowerHost(host) + path
}
