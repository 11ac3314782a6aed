package dockerconfig

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// noHelper has nothing stored.
type noHelper struct{}

func (noHelper) Get(context.Context, string, string) (provider.Credential, error) {
	return provider.Credential{}, provider.ErrNone
}

// FuzzParse looks up the image of a config.json as it is, and of one that is made of parts.
// form is how the second holds its password.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"auths": {"docker.io": {"auth": "bWU6czE="}}}`), "docker.io", "me", "s1", byte(0))
	f.Add([]byte(`{"auths": {"docker.io": {"auth": "czE"}}, "credsStore": "x"}`), "https://index.docker.io/v1/", "", ":", byte(1))
	f.Add([]byte(`{"auths": {"*.io/acme": null}, "credHelpers": {"docker.io": ""}}`), "*.io/acme/", "me\n", "\xff", byte(2))
	f.Add([]byte(`{"auths": {"docker.io": {"identitytoken": "x"}}}`), "docker.io/acme", "m:e", "\n", byte(3))
	f.Add([]byte(`{"docker.io": {"auth": "bWU6czE="}}`), "http://docker.io/v2/a", "me", "a:b", byte(4))
	f.Add([]byte(`[`), "[::1]:443", "me", "", byte(5))

	f.Fuzz(func(t *testing.T, data []byte, key, username, password string, form byte) {
		image := provider.Image{Host: "docker.io", Repository: "acme/app"}
		if file, err := Parse(data); err == nil {
			checkLookup(t, file, image)
		}

		const marker = "s3cret-"
		if strings.Contains(key, marker) || strings.Contains(username, marker) {
			return
		}
		password = marker + password
		made, err := json.Marshal(map[string]any{"auths": map[string]any{key: makeEntry(username, password, form)}})
		if err != nil {
			t.Fatal(err)
		}
		file, err := Parse(made)
		if err != nil {
			t.Fatalf("parse %s: %v", made, err)
		}
		credential, err := checkLookup(t, file, image)
		shown := text(err) + provider.Hint(err)
		if strings.Contains(shown, marker) || strings.Contains(shown, base64.RawStdEncoding.EncodeToString([]byte(password))) {
			t.Errorf("the password is in the error %q of %s", shown, made)
		}
		if err == nil && !strings.Contains(credential.Password.Reveal(), marker) {
			t.Errorf("the password is %q, for %s", credential.Password.Reveal(), made)
		}
	})
}

// makeEntry returns an entry with the password in some place, right or wrong.
func makeEntry(username, password string, form byte) any {
	login := username + ":" + password
	switch form % 6 {
	case 0:
		return map[string]string{"username": username, "password": password}
	case 1:
		return map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(login))}
	case 2:
		return map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(login))))}
	case 3:
		return map[string]string{"auth": login}
	case 4:
		return map[string]any{"auth": []string{login}, "identitytoken": password}
	default:
		return password
	}
}

func checkLookup(t *testing.T, file File, image provider.Image) (provider.Credential, error) {
	t.Helper()
	credential, err := file.Lookup(t.Context(), image, noHelper{})
	if err != nil {
		if credential != (provider.Credential{}) {
			t.Errorf("Lookup gives a credential and the error %v", err)
		}
		return credential, err
	}
	if _, err := newCredential(credential.Username, credential.Password.Reveal()); err != nil {
		t.Errorf("Lookup gives a credential that newCredential refuses: %v", err)
	}
	keys := file.matchingKeys(image)
	if len(keys) == 0 {
		t.Error("Lookup gives a credential of no key")
	}
	for _, key := range keys {
		pattern, err := provider.ParsePattern(normalise(key))
		if err == nil && pattern.HasPath() && !credential.RepositoryOnly {
			t.Errorf("the credential is for all repositories, although %q is for some", key)
		}
	}
	if again, err := file.Lookup(t.Context(), image, noHelper{}); err != nil || again.Password.Reveal() != credential.Password.Reveal() {
		t.Errorf("a second Lookup differs, with the error %v", err)
	}
	return credential, nil
}
