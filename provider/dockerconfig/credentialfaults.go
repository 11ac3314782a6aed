package dockerconfig

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/provider"
)

// credentialFaults returns what is wrong with the credential of an entry. helpers says that the config
// names credential helpers.
func (e pullEntry) credentialFaults(helpers bool) []Fault {
	faults := loginFaults(e.username, e.password)
	switch {
	case e.password.Empty() && e.token:
		err := tokenError()
		return []Fault{{Text: err.Error(), Hint: provider.Hint(err)}}
	case e.username == "" && e.password.Empty() && helpers:
		return []Fault{{Text: "the entry has no credential, and the kubelet asks no credential helper", Hint: helperHint}}
	case e.token:
		faults = append(faults, Fault{Text: "the kubelet ignores the identity or registry token, and takes username and password", Note: true})
	}
	if e.differs {
		faults = append(faults, Fault{
			Text: "username and password are not those in auth: the kubelet takes auth",
			Hint: "auth is the base64 of username:password; make the secret again",
			Note: true,
		})
	}
	return faults
}

// loginFaults returns what the kubelet or a registry would refuse or misread in a username and a password.
func loginFaults(username string, password provider.Secret) []Fault {
	_, err := newCredential(username, password.Reveal())
	switch {
	case username == "" && password.Empty():
		return []Fault{{Text: "the entry has no credential: with it the runtime pulls as the anonymous"}}
	case username == "":
		return []Fault{{Text: "the username is empty: the runtime takes it for the anonymous"}}
	case password.Empty():
		return []Fault{{Text: "the password is empty, and the kubelet tries it all the same"}}
	case endsWithLineBreak(username):
		return []Fault{{Text: "the username ends with a line break, which the registry takes for a part of it", Hint: lineBreakHint}}
	case err != nil:
		return []Fault{{Text: err.Error() + ": the kubelet tries it, and the pull fails"}}
	case strings.TrimSpace(username) != username:
		return []Fault{{Text: "the username begins or ends with a blank, which the registry takes for a part of it"}}
	}
	if isGoogleKey(username, password.Reveal()) {
		return nil
	}
	return passwordFaults(password.Reveal())
}

func passwordFaults(text string) []Fault {
	switch {
	case endsWithLineBreak(text):
		return []Fault{{Text: "the password ends with a line break, which the kubelet keeps and the registry refuses", Hint: lineBreakHint}}
	case strings.ContainsAny(text, "\r\n"):
		return []Fault{{Text: "the password contains a line break, which the kubelet keeps and the registry refuses"}}
	case strings.ContainsFunc(text, unicode.IsControl):
		return []Fault{{Text: "the password contains control characters, which the kubelet keeps and the registry refuses"}}
	case strings.TrimSpace(text) != text:
		return []Fault{{Text: "the password begins or ends with a blank, which the kubelet keeps", Note: true}}
	}
	return nil
}

const lineBreakHint = "write it with printf %s instead of echo, and make the secret again"

func endsWithLineBreak(text string) bool {
	return strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\r")
}

// isGoogleKey reports whether password is the file of a Google service account's key, in which
// white space does not count: https://cloud.google.com/artifact-registry/docs/docker/authentication.
func isGoogleKey(username, password string) bool {
	switch username {
	case "_json_key":
		return json.Valid([]byte(password))
	case "_json_key_base64":
		decoded, err := decodeBase64(password)
		return err == nil && json.Valid([]byte(decoded))
	}
	return false
}
