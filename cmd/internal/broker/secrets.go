package broker

import (
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/scrub"
)

// HideEnvironment makes the log and the reports hide the secrets in the environment. They are looked for
// when the first text is written.
func (b *Broker) HideEnvironment() { b.Log.Scrubber.HideLater(b.environmentSecrets) }

// guessed is how long the value of a variable is that counts as a secret by the variable's name alone, in bytes.
// A shorter one can be a setting, such as true.
const guessed = 8

// environmentSecrets returns the values of the backends' SecretVariables and of those whose names say that
// they are secrets, and what can be a secret in URLs.
func (b *Broker) environmentSecrets() []string {
	var secrets, places []string // names of variables
	for _, backend := range b.Backends {
		secrets = append(secrets, backend.SecretVariables...)
		places = append(places, backend.MetadataVariables...)
	}
	var found []string
	for _, variable := range b.Environ {
		name, value, _ := strings.Cut(variable, "=")
		name = strings.ToUpper(name)
		isSecret := slices.Contains(secrets, name) || namesSecret(name) && len(value) >= guessed
		switch {
		case slices.Contains(places, name), strings.Contains(value, "://"), isSecret && strings.HasPrefix(value, "/"):
			found = append(found, scrub.InURL(value)...)
		case isSecret && !filepath.IsAbs(value):
			found = append(found, value)
		}
	}
	return found
}

// namesSecret reports whether a variable has the name of a secret, not of a file with one, of an object that holds
// it, or of a Service, as Kubernetes has in the environment of pods.
func namesSecret(name string) bool {
	words := strings.Split(name, "_")
	switch words[len(words)-1] {
	case "FILE", "PATH", "DIR", "NAME", "NAMESPACE", "ARN", "REGION", "HOST", "PORT":
		return false
	}
	return strings.HasSuffix(name, "_API_KEY") || strings.HasSuffix(name, "_PRIVATE_KEY") || slices.ContainsFunc(words, isSecretWord)
}

func isSecretWord(word string) bool {
	switch word {
	case "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "APIKEY":
		return true
	}
	return false
}

// hide hides a credential. Its base64 is what registries are sent: that of a short password is recognised
// only with the username.
func (b *Broker) hide(credential provider.Credential) {
	password := credential.Password
	b.Log.Scrubber.Hide(password.Reveal())
	b.Log.Scrubber.HideLater(func() []string {
		return []string{base64.StdEncoding.EncodeToString([]byte(credential.Username + ":" + password.Reveal()))}
	})
}
