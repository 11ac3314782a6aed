package dockerconfig

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pullpass/pullpass/provider"
)

// entry is what auths holds for a key.
type entry struct {
	Auth          provider.Secret `json:"auth"`
	Username      string          `json:"username"`
	Password      provider.Secret `json:"password"`
	IdentityToken provider.Secret `json:"identitytoken"`
	RegistryToken provider.Secret `json:"registrytoken"`
}

// decodeEntry returns the credential in an entry's JSON text. The error is provider.ErrNone
// for an entry without one, such as the {} that `docker login` leaves beside a helper.
func decodeEntry(text provider.Secret) (provider.Credential, error) {
	var e entry
	if err := json.Unmarshal([]byte(text.Reveal()), &e); err != nil {
		return provider.Credential{}, jsonError(err)
	}
	username, password, err := login(e.Auth, e.Username, e.Password)
	if err != nil {
		return provider.Credential{}, err
	}
	credential, err := newCredential(username, password)
	if errors.Is(err, provider.ErrNone) && (!e.IdentityToken.Empty() || !e.RegistryToken.Empty()) {
		return provider.Credential{}, tokenError()
	}
	return credential, err
}

// login returns the username and the password of an entry. As in the kubelet, auth wins over
// the other two, unless it is empty.
func login(auth provider.Secret, username string, password provider.Secret) (string, string, error) {
	if auth.Empty() {
		return username, password.Reveal(), nil
	}
	return decodeAuth(auth.Reveal())
}

// decodeAuth decodes an entry's auth. As in the kubelet, the padding may be missing, there
// may be line ends in it, and all behind the first colon is the password.
func decodeAuth(auth string) (username, password string, err error) {
	decoded, err := decodeBase64(auth)
	if err != nil {
		return "", "", provider.WithHint(errors.New("auth is not base64"),
			"auth is the base64 of username:password; or give username and password instead")
	}
	username, password, found := strings.Cut(decoded, ":")
	if found {
		return username, password, nil
	}
	if twice, err := decodeBase64(decoded); err == nil && strings.Contains(twice, ":") {
		return "", "", errors.New("auth is base64-encoded twice")
	}
	return "", "", errors.New("auth has no colon between username and password")
}

func decodeBase64(text string) (string, error) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(text), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(text)
	return string(decoded), err
}

// newCredential returns the credential as it is, with the expiry that its token states (see Expiries).
// The error is provider.ErrNone if username or password is empty: runtimes take an empty username for
// anonymous. Any other error shows neither of them. It means that they cannot be passed on.
func newCredential(username, password string) (provider.Credential, error) {
	switch {
	case username == "" || password == "":
		return provider.Credential{}, provider.ErrNone
	case strings.ContainsFunc(username, unicode.IsControl):
		return provider.Credential{}, errors.New("the username contains control characters")
	case strings.Contains(username, ":"):
		// The registry would take what follows for the password.
		return provider.Credential{}, errors.New("the username contains a colon")
	case !utf8.ValidString(username) || !utf8.ValidString(password):
		// The answer to the kubelet is JSON, which would silently replace the odd bytes.
		return provider.Credential{}, errors.New("the username or the password is not valid UTF-8")
	}
	expires, _ := tokenExpiry(username, password)
	return provider.Credential{Username: username, Password: provider.NewSecret(password), Expires: expires}, nil
}

// tokenError refuses what cannot be expressed as username and password.
func tokenError() error {
	return provider.WithHint(
		errors.New("only an identity or registry token is stored, and the kubelet passes username and password alone"),
		"log in with a username and a personal access token: docker login -u NAME --password-stdin")
}
