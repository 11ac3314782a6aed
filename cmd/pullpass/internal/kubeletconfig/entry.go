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

// processorsVariable limits how many processors the Go runtime uses. It sets itself up for each of them,
// so that on a large node a start takes a multiple of what the answer does. A request needs one.
const processorsVariable = "GOMAXPROCS"

func newEntry(patterns []string) Entry {
	return Entry{Name: EntryName, MatchImages: patterns, Env: []Env{{processorsVariable, "1"}}}
}

// IsUsual reports whether the variable is one that an entry has by itself. Its value is no secret.
func (v Env) IsUsual() bool { return v.Name == processorsVariable }

// AddEnv gives the plugin more variables. They take the place of those of the same name.
func (e *Entry) AddEnv(variables []Env) {
	isReplaced := func(old Env) bool {
		return slices.ContainsFunc(variables, func(v Env) bool { return v.Name == old.Name })
	}
	e.Env = append(slices.DeleteFunc(e.Env, isReplaced), variables...)
}

// Served returns the entry for all that pullpass serves: the patterns of the config in node-config,
// and those of backends and of the rules of pullpass's own config that select images which the others
// leave out.
func Served(backends provider.Backends, rules []provider.Pattern) (Entry, error) {
	patterns, err := servedPatterns(backends)
	if err != nil {
		return Entry{}, err
	}
	entry := newEntry(patterns)
	for _, rule := range rules {
		// A rule serves hosts of its backend alone. One that is wider than a pattern which is there
		// gains nothing; one with a port does.
		entry.MatchImages = appendApart(entry.MatchImages, lowerHost(rule.String()))
	}
	return entry, nil
}

// servedPatterns returns the patterns of the config in node-config, and one for each form of host of the
// backends that it leaves out.
func servedPatterns(backends provider.Backends) ([]string, error) {
	patterns, err := shippedPatterns()
	for _, backend := range backends {
		for _, pattern := range backend.Hosts.Patterns() {
			patterns = appendApart(patterns, pattern)
		}
	}
	return patterns, err
}

// appendApart adds a pattern, unless one that is there selects some of its images.
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

// Select returns the entry for some registries, each HOST, HOST/PATH or a pattern. The error tells
// which of them is no pattern that selects an image, or none that pullpass serves: neither a
// backend's host nor one of a rule's.
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

// lowerHost writes the host of a pattern as images have it. The kubelet minds the case.
func lowerHost(pattern string) string {
	host, path, found := strings.Cut(pattern, "/")
	if found {
		path = "/" + path
	}
	return provider.LowerHost(host) + path
}
