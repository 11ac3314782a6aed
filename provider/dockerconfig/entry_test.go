package dockerconfig

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

const (
	noCredential = "none is configured"
	tokenOnly    = "only an identity or registry token is stored, and the kubelet passes username and password alone"
)

func TestDecodeEntry(t *testing.T) {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	tests := []struct{ name, entry, username, password, err string }{
		{name: "username and password", entry: `{"username": "me", "password": "s3cret"}`, username: "me", password: "s3cret"},
		{name: "auth", entry: `{"auth": "` + encode("me:s3cret") + `"}`, username: "me", password: "s3cret"},
		{name: "auth wins", entry: `{"auth": "` + encode("me:s3cret") + `", "username": "you", "password": "other"}`, username: "me", password: "s3cret"},
		{name: "empty auth", entry: `{"auth": "", "username": "you", "password": "other"}`, username: "you", password: "other"},
		{name: "with padding", entry: `{"auth": "bWU6czE="}`, username: "me", password: "s1"},
		{name: "without padding", entry: `{"auth": "bWU6czE"}`, username: "me", password: "s1"},
		{name: "trailing line end", entry: `{"auth": "bWU6czE=\n"}`, username: "me", password: "s1"},
		{name: "trailing line end without padding", entry: `{"auth": "bWU6czE\r\n"}`, username: "me", password: "s1"},
		{name: "line end inside", entry: `{"auth": "bWU6\nczE="}`, username: "me", password: "s1"},
		{name: "colons in the password", entry: `{"auth": "` + encode("me:a:b:") + `"}`, username: "me", password: "a:b:"},
		{name: "line end in the password", entry: `{"auth": "` + encode("me:s3cret\n") + `"}`, username: "me", password: "s3cret\n"},
		{name: "not ASCII", entry: `{"username": "jürgen", "password": "päss"}`, username: "jürgen", password: "päss"},
		{name: "unknown fields", entry: `{"username": "me", "password": "s3cret", "email": "x@y.z", "more": [1]}`, username: "me", password: "s3cret"},
		{name: "token beside a password", entry: `{"username": "me", "password": "s3cret", "identitytoken": "t0ken"}`, username: "me", password: "s3cret"},

		{name: "empty", entry: `{}`, err: noCredential},
		{name: "null", entry: `null`, err: noCredential},
		{name: "no username", entry: `{"auth": "` + encode(":s3cret") + `"}`, err: noCredential},
		{name: "no password", entry: `{"username": "me"}`, err: noCredential},

		{name: "identity token", entry: `{"identitytoken": "t0ken"}`, err: tokenOnly},
		{name: "identity token with username", entry: `{"auth": "` + encode("me:") + `", "identitytoken": "t0ken"}`, err: tokenOnly},
		{name: "registry token", entry: `{"registrytoken": "t0ken"}`, err: tokenOnly},

		{name: "not base64", entry: `{"auth": "me:s3cret"}`, err: "auth is not base64"},
		{name: "bad padding", entry: `{"auth": "bWU6czE=="}`, err: "auth is not base64"},
		{name: "base64 for URLs", entry: `{"auth": "bWU6Pz8_"}`, err: "auth is not base64"},
		{name: "twice encoded", entry: `{"auth": "` + encode(encode("me:s3cret")) + `"}`, err: "auth is base64-encoded twice"},
		{name: "no colon", entry: `{"auth": "` + encode("s3cret") + `"}`, err: "auth has no colon between username and password"},
		{name: "a number", entry: `5`, err: "not a JSON object"},
		{name: "a string", entry: `"s3cret"`, err: "not a JSON object"},
		{name: "password is a number", entry: `{"username": "me", "password": 5}`, err: "field password has the wrong JSON type"},
		{name: "control character in the username", entry: `{"username": "me\n", "password": "s3cret"}`, err: "the username contains control characters"},
		{name: "control character in auth", entry: `{"auth": "` + encode("m\x00e:s3cret") + `"}`, err: "the username contains control characters"},
		{name: "password is not UTF-8", entry: `{"auth": "` + encode("me:\xff") + `"}`, err: "the username or the password is not valid UTF-8"},
		{name: "username is not UTF-8", entry: `{"auth": "` + encode("\xff:s3cret") + `"}`, err: "the username or the password is not valid UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			credential, err := decodeEntry(provider.NewSecret(test.entry))
			if text(err) != test.err || errors.Is(err, provider.ErrNone) != (test.err == noCredential) {
				t.Fatalf("the error is %q, want %q", text(err), test.err)
			}
			if credential.Username != test.username || credential.Password.Reveal() != test.password {
				t.Errorf("the credential is %q %q, want %q %q", credential.Username, credential.Password.Reveal(), test.username, test.password)
			}
			if credential.RepositoryOnly || !credential.Expires.IsZero() {
				t.Errorf("the credential is %+v", credential)
			}
			if test.err == tokenOnly && provider.Hint(err) == "" {
				t.Error("no hint says what to do instead of a token")
			}
		})
	}
}
