package provider

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check returns why the credential cannot be the login of a registry, nil if it can. The error shows
// nothing of it.
//
// A registry gets both in the header of RFC 7617 (Basic), where neither may contain control characters,
// and a colon ends the username. The answer to the kubelet is JSON, which is UTF-8. An empty username
// stands for anonymous.
func (c Credential) Check() error {
	password := c.Password.Reveal()
	switch {
	case c.Username == "":
		return errors.New("the username is empty")
	case password == "":
		return errors.New("the password is empty")
	case !utf8.ValidString(c.Username) || !utf8.ValidString(password):
		return errors.New("the username or the password is not valid UTF-8")
	case strings.ContainsFunc(c.Username, unicode.IsControl):
		return errors.New("the username contains a line break or another control character")
	case strings.Contains(c.Username, ":"):
		return errors.New("the username contains a colon, and the registry would take what follows for the password")
	case strings.HasSuffix(password, "\n") || strings.HasSuffix(password, "\r"):
		return WithHint(errors.New("the password ends with a line break, which the registry takes for a part of it"),
			"write it with printf %s instead of echo")
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password contains a line break or another control character")
	}
	return nil
}
