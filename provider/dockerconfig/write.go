package dockerconfig

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/provider"
)

// Encode returns a config.json whose auths hold, for each key, what `kubectl create secret
// docker-registry` writes: username, password and auth. The same credentials give the same bytes:
// the keys are sorted, and no line end follows.
//
// It refuses what the kubelet or the registry would misread, which is what Check calls a fault:
// a key that never matches an image; an empty username or password; a username with a colon, a
// blank at an end or control characters; a password with line breaks or other control
// characters, unless it is the key of a Google service account; what is not UTF-8. The error
// names the key, never the values. It is also an error if there are no credentials.
func Encode(credentials map[string]provider.Credential) (provider.Secret, error) {
	if len(credentials) == 0 {
		return provider.Secret{}, errors.New("there is no credential to write")
	}
	auths := make(map[string]writtenEntry, len(credentials))
	for _, key := range slices.Sorted(maps.Keys(credentials)) {
		credential := credentials[key]
		for _, fault := range append(keyFaults(key), loginFaults(credential.Username, credential.Password)...) {
			if !fault.Note {
				return provider.Secret{}, fault.asError(key)
			}
		}
		auths[key] = newWrittenEntry(credential.Username, credential.Password.Reveal())
	}
	text, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		return provider.Secret{}, errors.New("encode the credentials") // err could quote one
	}
	return provider.NewSecret(string(text)), nil
}

func (f Fault) asError(key string) error {
	err := errors.New(quoteKey(key) + ": " + f.Text)
	if f.Hint == "" {
		return err
	}
	return provider.WithHint(err, f.Hint)
}

// writtenEntry is an entry on its way into the file: provider.Secret does not encode.
type writtenEntry struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"`
}

func newWrittenEntry(username, password string) writtenEntry {
	return writtenEntry{username, password, base64.StdEncoding.EncodeToString([]byte(username + ":" + password))}
}
