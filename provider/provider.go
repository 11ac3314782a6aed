// Package provider says what a provider of registry credentials is, what the rest of pullpass
// knows of a kind of them, and which of them answers for an image.
package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Request asks for the credential of an image's registry.
type Request struct {
	Image Image
}

// A Credential is what a registry accepts as a login.
type Credential struct {
	Username string
	Password Secret
	// Expires is when the registry stops accepting it, as its authority said. It is zero for a
	// credential that lives until it is revoked, such as one from a file or a helper.
	Expires time.Time
	// RepositoryOnly says that the credential is only for the requested repository: it was stored for
	// a part of the registry, or another part has its own.
	RepositoryOnly bool
}

// ShownUsername returns the username for people. It is REDACTED if it is also the password: some
// registries take an access token for both.
func (c Credential) ShownUsername() string {
	if c.Username == c.Password.Reveal() && c.Username != "" {
		return redacted
	}
	return c.Username
}

// A Provider gets credentials for the registries of one authority.
type Provider interface {
	// Scope reports whether the image's registry belongs to the provider's authority, and
	// if so names everything that its credential depends on: requests of one scope share a
	// credential, those of two scopes never do. It does no I/O.
	Scope(Request) (Scope, bool)

	// Fetch gets a new credential for a request that Scope claimed. The error is, or wraps, a
	// *NoCredentialError if there is no credential to get and the registry also serves anonymous
	// pulls. Any other error means that the authority could not be reached, refused, or gave
	// an unusable answer. Errors hold no secrets; some carry a hint (see Hint). With an error, the
	// credential means nothing.
	Fetch(context.Context, Request) (Credential, error)
}

// ErrNone says that a source has no credential. Every *NoCredentialError is one, see errors.Is.
var ErrNone = errors.New("none is configured")

// A NoCredentialError is Fetch's error if there is no credential to get.
type NoCredentialError struct {
	Reason string // one line without a secret, such as "no login for Docker Hub in FILE"
	// RepositoryOnly says that there may be a credential for other repositories of the registry.
	RepositoryOnly bool
}

func (e *NoCredentialError) Error() string { return ErrNone.Error() + ": " + e.Reason }

// Is reports whether target is ErrNone.
func (e *NoCredentialError) Is(target error) bool { return target == ErrNone }

// A Scope is the identity of a credential: lines of label=value.
type Scope string

// NewScope returns a scope of label and value pairs. It leaves out pairs with an empty value. It escapes
// line breaks in values, so that no value looks like another line, and what is not UTF-8.
func NewScope(pairs ...string) Scope {
	var lines strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			lines.WriteString(pairs[i] + "=" + escape(pairs[i+1]) + "\n")
		}
	}
	return Scope(lines.String())
}

func escape(value string) string {
	if !utf8.ValidString(value) {
		return strconv.Quote(value)
	}
	return scopeEscaper.Replace(value)
}

var scopeEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
