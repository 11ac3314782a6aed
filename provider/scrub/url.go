package scrub

import (
	"net/url"
	"strings"
	"unicode"
)

// tokenLength is the length from which a part of a URL's path can be a secret.
const tokenLength = 12

// InURL returns what can be a secret in a URL, or in the HOST:PORT that stands for one: the password, or the
// user if there is none; the values of the query, the fragment, and the parts of the path that look made up.
// Of what is no URL, it is all before an @, and all that looks made up.
func InURL(text string) []string {
	whole := text
	if !strings.Contains(text, "://") && !strings.HasPrefix(text, "/") {
		whole = "http://" + text
	}
	u, err := url.Parse(whole)
	if err != nil {
		return inBroken(text)
	}
	var found []string
	if IsSplit(u) {
		found = inBroken(text)
	}
	if u.User != nil {
		password, has := u.User.Password()
		if !has || looksMadeUp(u.User.Username()) {
			found = append(found, u.User.Username())
		}
		found = append(found, password)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, isPair := strings.Cut(pair, "=")
		if !isPair {
			value = name
		}
		if isPlace(value) {
			continue
		}
		found = append(found, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			found = append(found, plain)
		}
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if looksMadeUp(segment) {
			found = append(found, segment)
		}
	}
	return append(found, u.Fragment)
}

// IsSplit reports whether a URL has an unescaped /, ? or # in its user or password, so that the first part of them
// passes for the host. The @ is then behind the host, which is a word, or has a port.
func IsSplit(u *url.URL) bool {
	isHost := strings.Contains(u.Hostname(), ".") && u.Port() == ""
	return u.User == nil && !isHost && strings.Contains(u.Path+u.RawQuery+u.Fragment, "@")
}

// inBroken is InURL for what is none.
func inBroken(text string) []string {
	var found []string
	_, rest, isURL := strings.Cut(text, "://")
	if !isURL {
		rest = text
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		found = append(found, password)
		if password == "" || looksMadeUp(user) {
			found = append(found, user)
		}
		rest = rest[at+1:]
	}
	pieces := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/:?&=#[] ", r) })
	for i, piece := range pieces {
		if i > 0 && looksMadeUp(piece) { // the first one is the host
			found = append(found, piece)
		}
	}
	return found
}

// looksMadeUp reports whether a text has the look of a token or a UUID, not of a name.
func looksMadeUp(text string) bool {
	return len(text) >= tokenLength && strings.ContainsAny(text, "0123456789") && strings.ContainsFunc(text, unicode.IsLetter) && !isPlace(text)
}

// isPlace reports whether a text is lower-case words with a number of one or two digits at their end, such as the
// region eu-central-1. Messages are of no use without it.
func isPlace(text string) bool {
	const most = 2
	words, number := text, ""
	if last := strings.LastIndexByte(text, '-'); last > 0 {
		words, number = text[:last], text[last+1:]
	}
	return number != "" && len(number) <= most && strings.Trim(number, "0123456789") == "" &&
		strings.Trim(words, "abcdefghijklmnopqrstuvwxyz-") == ""
}
