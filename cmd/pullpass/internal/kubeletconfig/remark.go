package kubeletconfig

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// The bytes in names of images, as the kubelet reads them:
// https://pkg.go.dev/github.com/distribution/reference.
const (
	lower     = "abcdefghijklmnopqrstuvwxyz"
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
	hostBytes = lower + upper + digits + "-"
	pathBytes = lower + digits + "-_./"
)

// never returns why the pattern selects no image, "" if it can select one. The kubelet compares patterns
// with names of images without tag and digest.
func (g glob) never() string {
	host := strings.Join(g.labels, ".")
	switch {
	case host == "":
		return "it names no host"
	case isIPv6(strings.Trim(host, "[]")):
		if g.port == "" {
			return "the kubelet reads an IPv6 address without a port as a set of characters"
		}
	case host == "index.docker.io" && g.port == "":
		return "the host of Docker Hub's images is docker.io"
	case len(g.labels) == 1 && g.port == "" && !strings.Contains(host, "*") && host != "localhost" && strings.ToLower(host) == host:
		return "a name without a dot and a port is not a host, but a path on docker.io"
	}
	if isIPv6(strings.Trim(host, "[]")) {
		return neverPath(g.path)
	}
	// A host with a _ is none for the kubelet, but can be the beginning of an image's path.
	if strings.Contains(host, "_") && (g.port != "" || strings.ToLower(host) != host) {
		return "a host may contain only letters, digits, - and the wildcard *"
	}
	for _, label := range g.labels {
		if reason := neverLabel(label); reason != "" {
			return reason
		}
	}
	return neverPath(g.path)
}

func isIPv6(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is6()
}

func neverLabel(label string) string {
	switch {
	case label == "":
		return "a part of the host is empty"
	case strings.Trim(label, hostBytes+"_*") != "":
		return "a host may contain only letters, digits, - and the wildcard *"
	case strings.Trim(label, "-_") != label:
		return "a part of a host neither begins nor ends with - or _"
	case strings.Contains(label, "_") && badSeparator(strings.ReplaceAll(label, "*", "-")):
		return "letters and digits of a host are separated only by -, or by one or two _"
	}
	return ""
}

func neverPath(prefix string) string {
	switch {
	case strings.Contains(prefix, "*"):
		return "wildcards do not work in the path, which is a plain prefix"
	case strings.Contains(prefix, ":"):
		return "the kubelet asks for an image without its tag"
	case strings.Trim(prefix, upper+pathBytes) != "":
		return "a path may contain only lower-case letters, digits and . - _ /"
	case strings.ToLower(prefix) != prefix:
		return "the path of an image has no upper-case letters"
	}
	for i, part := range strings.Split(prefix, "/") {
		if part == "" && i > 0 && i < strings.Count(prefix, "/") {
			return "a part of the path is empty"
		}
		if strings.Trim(part[:min(len(part), 1)], "._-") != part[:min(len(part), 1)] {
			return "each part of a path begins with a letter or a digit"
		}
		if badSeparator(part) {
			return "letters and digits of a path are separated only by a dot, by one or two _, or by -"
		}
	}
	return ""
}

// badSeparator reports whether a part of a path has something between its letters and digits that is not
// allowed there.
func badSeparator(part string) bool {
	for _, separator := range strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(lower+upper+digits, r) }) {
		if separator != "." && separator != "_" && separator != "__" && strings.Trim(separator, "-") != "" {
			return true
		}
	}
	return false
}

// A remark is what someone who wrote a pattern should know.
type remark struct{ text, hint string }

// remarks returns what does not work in a pattern, or works in another way than it seems to. owner is the
// name of its provider. served are the patterns of all that the backends serve.
func (g glob) remarks(owner string, backends provider.Backends, served []string) []remark {
	pattern, err := provider.ParsePattern(g.text)
	if reason := g.never(); reason != "" {
		if err != nil && !strings.Contains(err.Error(), "never matches") {
			reason = err.Error()
		}
		return []remark{{"never matches an image: " + reason, hint(g.text)}}
	}
	var remarks []remark
	add := func(text, hint string) { remarks = append(remarks, remark{text, hint}) }
	host := strings.Join(g.labels, ".")
	near := g.near(served)
	switch {
	case !g.whole:
		add("the kubelet reads it as a URL, of which only "+strictyaml.Shown(g.plain())+" counts", "")
	case provider.MisnamesHub(host):
		add("never matches an image of Docker Hub, whose host is docker.io", "did you mean docker.io?")
	case near != "":
		add(fmt.Sprintf("selects no image of %s, which has %d labels and this %d: a * is one of them, or a part of one",
			near, len(strings.Split(near, ".")), len(g.labels)), "did you mean "+near+"?")
	}
	if strings.ToLower(host) != host {
		add("the case of the host counts: images whose host is written in lower case are not selected", "did you mean "+strings.ToLower(host)+"?")
	}
	switch {
	case g.port != "" && isBuiltIn(backends, host):
		add("the registries of this host are asked without a port: an image that does not name the port is not selected", "did you mean "+strings.ToLower(host)+g.path+"?")
	case g.port == "443":
		add("selects only images that name the port 443 themselves", "")
	}
	if prefix := strings.TrimPrefix(g.path, "/"); prefix != "" && !strings.HasSuffix(prefix, "/") {
		add(fmt.Sprintf("the path is a plain prefix: it also selects %s", strictyaml.Shown(host+g.path+"-other")), "put a / at its end if it is a directory")
	}
	if owner == EntryName && err == nil && near == "" && !backends.Serve(pattern) {
		add("pullpass serves no such registry: the kubelet runs it for nothing", "")
	}
	return remarks
}

// plain returns the part of the pattern that the kubelet uses.
func (g glob) plain() string {
	host := strings.Join(g.labels, ".")
	if g.port != "" {
		host += ":" + g.port
	}
	return host + g.path
}

// isBuiltIn reports whether a host without its port can be a backend's.
func isBuiltIn(backends provider.Backends, host string) bool {
	pattern, err := provider.ParsePattern(host)
	return err == nil && backends.Serve(pattern)
}

// hint returns a guess of what a pattern that never matches was meant to be, "" for none.
func hint(text string) string {
	rest := text
	if _, location, isURL := strings.Cut(rest, "://"); isURL {
		rest = location
	}
	hostport, repository, found := strings.Cut(rest, "/")
	hostport = strings.TrimSuffix(hostport, ".")
	if provider.MisnamesHub(hostport) {
		return "did you mean docker.io?"
	}
	if single := !strings.ContainsAny(hostport, ".:*"); single && hostport != "" && hostport != "localhost" {
		return ""
	}
	repository, _, _ = strings.Cut(repository, "*")
	repository, _, _ = strings.Cut(repository, ":")
	meant := hostport
	if found && repository != "" {
		meant += "/" + repository
	}
	meant = strings.ToLower(meant)
	if h, err := parseGlob(meant); err != nil || h.never() != "" || meant == text {
		return ""
	}
	return "did you mean " + strictyaml.Shown(meant) + "?"
}
