package dockerconfig

import (
	"errors"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// OfLine makes the credential of username and of the password or access token that a file or an
// input holds: its only line. Line ends behind it do not count. Errors show none of it.
func OfLine(username string, text []byte) (provider.Credential, error) {
	password := strings.TrimRight(string(text), "\r\n")
	switch {
	case password == "":
		return provider.Credential{}, errors.New("it is empty")
	case strings.ContainsAny(password, "\r\n"):
		return provider.Credential{}, errors.New("it has more than one line")
	}
	return newCredential(username, password)
}
