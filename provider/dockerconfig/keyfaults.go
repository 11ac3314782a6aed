package dockerconfig

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/provider"
)

// keyFaults returns a single fault if no image matches a key. Otherwise it returns notes: which images the
// key selects, or does not select, other than it seems.
func keyFaults(key string) []Fault {
	normal, err := keyringKey(key)
	if err != nil {
		return []Fault{neverMatches(key)}
	}
	where, err := parseSchemeless(normal)
	if err != nil || !where.selectsSome() || normal != hubKey && provider.MisnamesHub(where.host()) {
		return []Fault{neverMatches(key)}
	}
	return keyNotes(key, normal, where)
}

// neverMatches explains a key that selects no image.
func neverMatches(key string) Fault {
	host, path, _ := strings.Cut(withoutScheme(key), "/")
	name, port, _ := strings.Cut(host, ":")
	reason, hint := "no image has such a host", ""
	switch {
	case key == "":
		reason = "it is empty"
	case strings.Contains(withoutScheme(key), "://"):
		reason, hint = "the kubelet knows no schemes but https:// and http://, in small letters", "leave the scheme out"
	case strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		reason, hint = "it contains white space or control characters", "remove them"
	case strings.ContainsAny(host, "[]"), strings.Contains(host, "::"):
		reason = "an IPv6 address needs brackets and a port, and no zone"
	case name == "":
		reason = "it names no host"
	case provider.LowerHost(name) == hubKey && (path == "v1" || path == "v2"):
		reason, hint = "it lacks the slash at its end", "use the key docker.io"
	case provider.MisnamesHub(name):
		reason, hint = "the host of Docker Hub's images is docker.io", "use the key docker.io"
	case strings.Contains(path, "*"):
		reason, hint = "a wildcard in the path is none", "the path is a plain prefix: leave the wildcard out"
	case strings.Contains(path, "@"), strings.Contains(path, ":"):
		reason, hint = "the kubelet asks without tag and digest", "leave the tag or digest out"
	case strings.ToLower(path) != path:
		reason = "a repository has no capitals"
	case strings.Trim(port, digits) != "":
		reason = "the port is not a number"
	case name == host && !strings.Contains(host, "."):
		reason = "a name without a dot or port is one on Docker Hub, not a host, unless it is localhost"
	case canBeHost(strings.Split(name, "."), port):
		reason = "no repository's name begins with such a path"
	}
	return Fault{Text: "the key never matches an image: " + reason, Hint: hint}
}

func withoutScheme(key string) string {
	rest, found := strings.CutPrefix(key, "https://")
	if !found {
		rest = strings.TrimPrefix(key, "http://")
	}
	return rest
}

// keyNotes is for a key that selects some images.
func keyNotes(key, normal string, where location) []Fault {
	var notes []Fault
	add := func(hint, format string, arguments ...any) {
		notes = append(notes, Fault{Text: fmt.Sprintf(format, arguments...), Hint: hint, Note: true})
	}
	if strings.ContainsAny(key, "@?#%") {
		add("write that", "the kubelet reads the key as a URL, and takes it for %q", normal)
	}
	host := where.host()
	switch {
	case normal == hubKey:
		add("use the key docker.io", "the kubelet also sends this credential to hosts without a dot, such as localhost")
	case where.port == "" && len(where.labels) == 1 && strings.Contains(host, "*"):
		add("", "only hosts without a dot match, such as localhost: a * is one part between dots, or less")
	}
	if provider.LowerHost(host) != host {
		add("write the host in small letters", "only images whose host is written in the same capitals match")
	}
	if where.port == "443" {
		add("leave the port out", "only images that are written with :443 match")
	}
	switch {
	case where.path == "/v1", where.path == "/v2":
		add("add the slash, or leave "+where.path+" out", "without a slash at the end, only repositories whose names begin with %s match", where.path[1:])
	case where.path != "" && !strings.HasSuffix(where.path, "/"):
		add("end it with a slash if it stands for all repositories below it", "the path is a plain prefix: %q matches as well", normal+"-other")
	}
	return notes
}
