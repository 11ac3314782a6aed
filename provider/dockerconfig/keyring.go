package dockerconfig

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// This file has the rules of BasicDockerKeyring in
// k8s.io/kubernetes/pkg/credentialprovider/keyring.go to the letter, to tell what a kubelet makes
// of a Secret. What pullpass itself takes from a config.json is in key.go.

// A KubeletEntry is an entry whose credential the kubelet tries for an image.
type KubeletEntry struct {
	Key      string // without user and password, if the key is a URL with them
	Username string // REDACTED where it may be a secret; empty if the runtime pulls anonymously
}

// KubeletEntries returns the entries of a pull secret whose credentials the kubelet tries for an
// image, in its order. data is the content of .dockerconfigjson, or with legacy set that of
// .dockercfg. None means that the kubelet finds no credential in it. Entries whose keys mean the
// same are tried in random order, and returned in the order of their keys. The error is for what
// the kubelet cannot read: it then pulls nothing for a pod that has this among its pull secrets.
func KubeletEntries(data []byte, legacy bool, image provider.Image) ([]KubeletEntry, error) {
	entries, err := readEntries(data, legacy)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]pullEntry, len(entries))
	var matches, fallback []keyMatch
	for _, entry := range entries {
		byKey[entry.key] = entry
		normal, err := keyringKey(entry.key)
		if err != nil {
			continue
		}
		if keyringMatch(normal, image) {
			matches = append(matches, keyMatch{entry.key, normal})
		}
		if normal == hubKey {
			fallback = append(fallback, keyMatch{entry.key, normal})
		}
	}
	if matches == nil && takesHubCredential(image) {
		matches = fallback
	}
	var found []KubeletEntry
	for _, key := range inPrecedence(matches) {
		found = append(found, byKey[key].shown())
	}
	return found, nil
}

// Entries returns all entries of a pull secret that the kubelet can read, in the order of their
// keys, whether or not they match an image. Parameters and error are those of KubeletEntries.
func Entries(data []byte, legacy bool) ([]KubeletEntry, error) {
	entries, err := readEntries(data, legacy)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b pullEntry) int { return strings.Compare(a.key, b.key) })
	var found []KubeletEntry
	for _, entry := range entries {
		found = append(found, entry.shown())
	}
	return found, nil
}

func readEntries(data []byte, legacy bool) ([]pullEntry, error) {
	if len(data) == 0 {
		return nil, nil // such a Secret is passed over
	}
	secret, err := readPullSecret(data, legacy)
	if err != nil {
		return nil, err
	}
	return secret.effective()
}

func (e pullEntry) shown() KubeletEntry {
	return KubeletEntry{Key: shownKey(e.key), Username: e.shownUser()}
}

// keyringKey returns a key as the kubelet's keyring keeps it: a host, or a host and a path. The
// error is for keys that it ignores.
func keyringKey(key string) (string, error) {
	if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil {
		return "", err
	}
	location := parsed.Path
	if strings.HasPrefix(location, "/v2/") || strings.HasPrefix(location, "/v1/") {
		location = location[len("/v1"):]
	}
	if location == "/" {
		location = ""
	}
	return parsed.Host + location, nil
}

// keyringMatch reports whether a key of the keyring selects image.
func keyringMatch(key string, image provider.Image) bool {
	pattern, err := parseSchemeless(key)
	if err != nil {
		return false
	}
	target, err := parseSchemeless(image.String())
	if err != nil || pattern.port != target.port || len(pattern.labels) != len(target.labels) || !strings.HasPrefix(target.path, pattern.path) {
		return false
	}
	for i, label := range pattern.labels {
		if matched, err := path.Match(label, target.labels[i]); err != nil || !matched {
			return false
		}
	}
	return true
}

// A location is a host and a path, taken apart for matching.
type location struct {
	labels []string
	port   string
	path   string // with its leading slash, or empty
}

func parseSchemeless(text string) (location, error) {
	parsed, err := url.Parse("https://" + text)
	if err != nil {
		return location{}, err
	}
	host, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		host, port = parsed.Host, "" // it has no port
	}
	return location{strings.Split(host, "."), port, parsed.Path}, nil
}

// takesHubCredential reports whether the kubelet tries index.docker.io's credential for an image
// for which it has no other.
func takesHubCredential(image provider.Image) bool {
	return image.Host == hubHost || image.Host == hubKey || image.Host != "" && !strings.ContainsAny(image.Host, ".:")
}

// quoteKey names an entry in a text for people.
func quoteKey(key string) string { return fmt.Sprintf("auths[%q]", shownKey(key)) }

// shownUser returns the username for people. REDACTED stands for what may be a secret: what
// follows a colon, which the registry would take for the password, and a user that is the
// password as well or has none.
func (e pullEntry) shownUser() string {
	name, _, found := strings.Cut(e.username, ":")
	switch {
	case found:
		return name + ":REDACTED"
	case e.username != "" && (e.password.Empty() || e.password.Reveal() == e.username):
		return "REDACTED"
	}
	return e.username
}

// shownKey returns a key for people: where a URL has a user and a password, one of which can be a
// token, it has REDACTED.
func shownKey(key string) string {
	rest := withoutScheme(key)
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return key
	}
	user, _, hasPath := strings.Cut(rest[:at], "/")
	if hasPath && !strings.Contains(user, ":") {
		return key // the host is before the path: what follows the @ is a digest
	}
	return key[:len(key)-len(rest)] + "REDACTED" + rest[at:]
}
