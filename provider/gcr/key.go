package gcr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/oauth2/google"

	"github.com/pullpass/pullpass/provider"
)

// keyUsername is the user whose password is a whole key file:
// https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key
const keyUsername = "_json_key"

// KeyCredential makes the credential of a service account's key file, of the file itself: it
// lives until the key is deleted. The password is the file's JSON on one line. Errors show
// nothing of data but its type.
func KeyCredential(data []byte) (provider.Credential, error) {
	var key struct {
		Type       google.CredentialsType `json:"type"`
		Email      string                 `json:"client_email"`
		PrivateKey provider.Secret        `json:"private_key"`
	}
	var line bytes.Buffer
	switch err := json.Unmarshal(data, &key); {
	case err != nil || json.Compact(&line, data) != nil:
		return provider.Credential{}, errors.New("it is not the JSON of a service account key")
	case key.Type != google.ServiceAccount:
		return provider.Credential{}, provider.WithHint(
			fmt.Errorf("its type is %q, and the registry takes only that of a %s", key.Type, google.ServiceAccount),
			"name the file in GOOGLE_APPLICATION_CREDENTIALS instead: then the Secret gets a token made with it")
	case key.Email == "" || key.PrivateKey.Empty():
		return provider.Credential{}, errors.New("it has no client_email or no private_key")
	}
	return provider.Credential{Username: keyUsername, Password: provider.NewSecret(line.String())}, nil
}
