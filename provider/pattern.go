package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"
	"unicode"
)

// A Pattern selects images as the kubelet's matchImages does: as many host labels as the
// image's host has, each a glob; the same port, where no port and 443 differ; and a path that
// is a plain string prefix of the repository. Unlike the kubelet it ignores the case of the
// host, since DNS does, and reads an IPv6 address without a port as an address.
type Pattern struct {
	text   string
	labels []string
	port   string
	path   string // with its leading slash, or empty
}

// ParsePattern reads a pattern such as *.dkr.ecr.*.amazonaws.com or docker.io/acme/. The error says why
// the pattern selects no image in the kubelet, or that the kubelet would read a part of it as the query, the
// user or the fragment of a URL.
func ParsePattern(text string) (Pattern, error) {
	switch {
	case text == "":
		return Pattern{}, errors.New("the pattern is empty")
	case strings.Contains(text, "://"):
		return Pattern{}, errors.New("a pattern is a host without a scheme, such as registry.example.com")
	case strings.ContainsAny(text, `?#@%\`) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return Pattern{}, errors.New("only letters, digits, . - _ : / and the wildcard * can stand in a pattern")
	}
	hostport, repository, hasPath := strings.Cut(text, "/")
	host, port := splitPort(LowerHost(hostport))
	p := Pattern{text: text, labels: splitLabels(host, port), port: port}
	if hasPath {
		p.path = "/" + repository
	}
	switch {
	case host == "":
		return Pattern{}, errors.New("the pattern names no host")
	case strings.ContainsAny(host, "[]:") && !isBracketedIPv6(host):
		return Pattern{}, errors.New("brackets and colons stand only in an IPv6 address, and the only wildcard is *")
	case strings.Contains(p.path, "*"):
		return Pattern{}, errors.New("a wildcard in the path never matches; the path is a plain prefix")
	case strings.Contains(p.path, ":"):
		return Pattern{}, errors.New("a tag never matches; the kubelet asks for an image without it")
	case strings.Trim(port, "0123456789") != "":
		return Pattern{}, errors.New("the port is not a number")
	case MisnamesHub(host):
		return Pattern{}, fmt.Errorf("%s never matches an image of Docker Hub, whose host is %s", hostport, DockerHubHost)
	}
	return p, nil
}

func isBracketedIPv6(host string) bool {
	if host[0] != '[' || host[len(host)-1] != ']' {
		return false
	}
	address, err := netip.ParseAddr(host[1 : len(host)-1])
	return err == nil && address.Is6()
}

// splitLabels splits a host for matching. Beside a port the kubelet drops the brackets of an
// IPv6 address, so that a wildcard can match it.
func splitLabels(host, port string) []string {
	if port != "" {
		host = strings.Trim(host, "[]")
	}
	return strings.Split(host, ".")
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// HasPath reports whether the pattern selects only some repositories of its hosts.
func (p Pattern) HasPath() bool { return strings.Trim(p.path, "/") != "" }

// CanSelect reports whether the pattern can select one of the hosts. If not, a rule with the pattern and
// their backend is never used.
func (p Pattern) CanSelect(hosts Hosts) bool {
	if p.port != "" && p.port != "443" {
		return false
	}
	for i := range hosts {
		if p.canSelect(&hosts[i]) {
			return true
		}
	}
	return false
}

func (p Pattern) canSelect(row *Row) bool {
	want := strings.Split(row.Pattern, ".")
	if len(want) != len(p.labels) {
		return false
	}
	for i, label := range p.labels {
		wildcard := strings.Contains(label, "*")
		switch {
		case wildcard && want[i][0] == '{':
			// Some label of that kind may match.
		case wildcard:
			if matched, err := path.Match(label, want[i]); err != nil || !matched {
				return false
			}
		case !row.matchLabel(want[i], label):
			return false
		}
	}
	return true
}

// MatchHost reports whether the pattern's host and port match the image's.
func (p Pattern) MatchHost(image Image) bool {
	host, port := image.Hostname()
	labels := splitLabels(host, port)
	if port != p.port || len(labels) != len(p.labels) {
		return false
	}
	for i, label := range p.labels {
		if label == labels[i] {
			continue // a bracketed IPv6 address would be a character class as a glob
		}
		if matched, err := path.Match(label, labels[i]); err != nil || !matched {
			return false
		}
	}
	return true
}

// Match reports whether the pattern selects image.
func (p Pattern) Match(image Image) bool {
	return p.MatchHost(image) && strings.HasPrefix("/"+image.Repository, p.path)
}
