package kubeletconfig

import (
	"net"
	"net/url"
	"path"
	"strings"
)

// A glob is a pattern of matchImages as the kubelet reads it: a URL without its scheme, of which only host,
// port and path count. Unlike in a provider.Pattern, the case of the host matters, as for the kubelet.
type glob struct {
	text   string
	labels []string // of the host, each a glob
	port   string
	path   string // a plain prefix, "" or with its leading slash
	whole  bool   // text has no other parts, such as a query
}

// parseGlob reads a pattern. With an error, the kubelet refuses the whole config.
func parseGlob(text string) (glob, error) {
	u, err := url.Parse("https://" + text)
	if err != nil {
		return glob{}, err
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		host, port = u.Host, "" // there is none
	}
	g := glob{text: text, labels: strings.Split(host, "."), port: port, path: u.Path}
	g.whole = u.User == nil && !strings.ContainsAny(text, "?#")
	return g, nil
}

// Overlap reports whether both patterns select a common image: then the kubelet asks the plugins of both. A
// pattern that it refuses selects no image.
func Overlap(a, b string) bool {
	x, errX := parseGlob(a)
	y, errY := parseGlob(b)
	return errX == nil && errY == nil && x.sameForm(y) && x.never() == "" && y.never() == "" && x.overlaps(y)
}

// overlaps is Overlap for patterns of the same form that select some image each.
func (x glob) overlaps(y glob) bool {
	for i := range x.labels {
		if !intersect(x.labels[i], y.labels[i]) {
			return false
		}
	}
	return strings.HasPrefix(x.path, y.path) || strings.HasPrefix(y.path, x.path)
}

// Covers reports whether pattern a selects all images that b selects. It is false if the kubelet refuses
// one of them.
func Covers(a, b string) bool {
	x, errX := parseGlob(a)
	y, errY := parseGlob(b)
	if errX != nil || errY != nil || !x.sameForm(y) {
		return false
	}
	for i := range x.labels {
		if !covers(x.labels[i], y.labels[i]) {
			return false
		}
	}
	return strings.HasPrefix(y.path, x.path)
}

func (g glob) sameForm(other glob) bool {
	return g.port == other.port && len(g.labels) == len(other.labels)
}

// intersect reports whether some text matches both globs. A * matches any number of characters. The kubelet
// has other wildcards, but none of them can be in a host.
func intersect(a, b string) bool {
	// reach[j] says whether some text matches both a up to here and the first j bytes of b.
	reach := make([]bool, len(b)+1)
	reach[0] = true
	for j := 0; j < len(b) && b[j] == '*'; j++ {
		reach[j+1] = true
	}
	for i := range len(a) {
		next := make([]bool, len(b)+1)
		next[0] = reach[0] && a[i] == '*'
		for j := range len(b) {
			switch {
			case a[i] == '*':
				next[j+1] = reach[j+1] || next[j]
			case b[j] == '*':
				next[j+1] = reach[j+1] || next[j]
			default:
				next[j+1] = reach[j] && a[i] == b[j]
			}
		}
		reach = next
	}
	return reach[len(b)]
}

// covers reports whether glob a matches all that b matches. It does if it matches the text of b: then each
// wildcard of b is within one of a, because no host has an asterisk.
func covers(a, b string) bool {
	matched, err := path.Match(a, b)
	return err == nil && matched
}
