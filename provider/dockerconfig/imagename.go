package dockerconfig

import "strings"

// This file knows which names an image can have, by the grammar of
// github.com/distribution/reference, with which the kubelet reads them before it asks the keyring.

// maxRepository is the longest name of a repository.
const maxRepository = 255

const (
	small  = "abcdefghijklmnopqrstuvwxyz"
	big    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// host returns the host as it was written, without brackets if there is a port.
func (l location) host() string { return strings.Join(l.labels, ".") }

// selectsSome reports whether there can be an image that a key of the keyring selects.
func (l location) selectsSome() bool {
	return canBeHost(l.labels, l.port) && canBeginRepository(strings.TrimPrefix(l.path, "/"))
}

// canBeHost reports whether labels, with * for any characters, are those of some image's host.
func canBeHost(labels []string, port string) bool {
	if len(labels) == 1 && strings.Trim(labels[0], digits+"abcdefABCDEF:") == "" && strings.Contains(labels[0], ":") {
		return port != "" // an IPv6 address; without a port its brackets are a glob's
	}
	if port == "" && len(labels) > 1 && isComponent(strings.ReplaceAll(strings.Join(labels, "."), "*", "a"), false) {
		return true // the grammar takes it for a component, in which there can be a _, and the kubelet for a host
	}
	for _, label := range labels {
		if label == "" || strings.Trim(label, small+big+digits+"-*") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	// A single label is the name of an account on Docker Hub rather than a host, unless a
	// port, a capital or a reserved name tells it apart.
	only := labels[0]
	return len(labels) > 1 || port != "" || only == "localhost" || strings.ContainsAny(only, big+"*")
}

// canBeginRepository reports whether some repository's name begins with prefix.
func canBeginRepository(prefix string) bool {
	components := strings.Split(prefix, "/")
	last := len(components) - 1
	for i, component := range components {
		if !isComponent(component, i == last) {
			return false
		}
	}
	if prefix != "" && strings.Trim(prefix[len(prefix)-1:], small+digits) != "" {
		prefix += "x" // it does not end here
	}
	return len(prefix) <= maxRepository
}

// isComponent reports whether text is a component of a repository's name, or with prefix set
// the beginning of one.
func isComponent(text string, prefix bool) bool {
	if prefix && text == "" {
		return true
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(small+digits, r) })
	for i, word := range words {
		at := strings.Index(text, word)
		separator := text[:at]
		if i == 0 && separator != "" || i > 0 && !isSeparator(separator) {
			return false
		}
		text = text[at+len(word):]
	}
	return len(words) > 0 && (text == "" || prefix && isSeparator(text))
}

// isSeparator reports whether text can stand between the words of a component.
func isSeparator(text string) bool {
	return text == "." || text == "_" || text == "__" || text != "" && strings.Trim(text, "-") == ""
}
