package dockerconfig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

const (
	hubHost   = provider.DockerHubHost
	hubKey    = "index.docker.io"
	hubServer = "https://index.docker.io/v1/" // the key of `docker login`
)

func isHub(image provider.Image) bool { return provider.LowerHost(image.Host) == hubHost }

// matchingKeys returns the keys of auths that select image, in the order of their precedence.
// The rules are those of BasicDockerKeyring in k8s.io/kubernetes/pkg/credentialprovider, but
// for those in which provider.Pattern differs, and for index.docker.io: it selects images of
// Docker Hub alone, where the kubelet also sends its credential to hosts without a dot such as
// localhost.
func (f File) matchingKeys(image provider.Image) []string {
	var matches, fallback []keyMatch
	for key := range f.auths {
		normal := normalise(key)
		if normal == hubKey && isHub(image) {
			fallback = append(fallback, keyMatch{key, normal})
		} else if pattern, err := provider.ParsePattern(normal); err == nil && pattern.Match(image) {
			matches = append(matches, keyMatch{key, normal})
		}
	}
	return append(inPrecedence(matches), inPrecedence(fallback)...)
}

// A keyMatch is a key that selects an image, and what it means.
type keyMatch struct{ key, normal string }

// inPrecedence returns the keys in the order in which the kubelet tries their credentials. Keys
// that mean the same stand in random order there, here in one order.
func inPrecedence(matches []keyMatch) []string {
	slices.SortFunc(matches, func(a, b keyMatch) int {
		return cmp.Or(-strings.Compare(a.normal, b.normal), strings.Compare(a.key, b.key))
	})
	var keys []string
	for _, m := range matches {
		keys = append(keys, m.key)
	}
	return keys
}

// Splits reports whether the file has keys for parts of the image's registry, so that what
// Lookup returns is not good for all of it.
func (f File) Splits(image provider.Image) bool {
	for key := range f.auths {
		pattern, err := provider.ParsePattern(normalise(key))
		if err == nil && pattern.HasPath() && pattern.MatchHost(image) {
			return true
		}
	}
	return false
}

// normalise returns a key without the scheme and the version of the API, its host in lower
// case: reg.io for https://reg.io/v1/, reg.io/team for reg.io/v2/team.
func normalise(key string) string {
	key, found := strings.CutPrefix(key, "https://")
	if !found {
		key = strings.TrimPrefix(key, "http://")
	}
	host, path, _ := strings.Cut(key, "/")
	if rest, found := strings.CutPrefix(path, "v1/"); found {
		path = rest
	} else {
		path = strings.TrimPrefix(path, "v2/")
	}
	host = provider.LowerHost(host)
	if path == "" {
		return host
	}
	return host + "/" + path
}
