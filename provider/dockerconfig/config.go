// Package dockerconfig finds the credential for an image in Docker's config.json: in its
// entries, whose keys it matches as the kubelet does, or through Docker's credential helpers. It
// also writes such a file for the kubelet, and says how the kubelet reads one (Check).
//
// The format is that of `docker login`, see
// https://docs.docker.com/reference/cli/docker/login/ and docker/cli's cli/config/configfile.
package dockerconfig

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/provider"
)

// A File is the content of a config.json. The zero File has no credential for any image.
type File struct {
	// auths holds the entries as JSON text. They are decoded when they are needed, so that
	// a malformed one is a matter of its own registry alone.
	auths       map[string]provider.Secret
	credsStore  string
	credHelpers map[string]string
}

// Parse reads a config.json. Fields that say nothing about credentials are ignored. Errors
// tell where data is malformed and hold none of it.
func Parse(data []byte) (File, error) {
	var content struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredsStore  string                     `json:"credsStore"`
		CredHelpers map[string]string          `json:"credHelpers"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return File{}, jsonError(err)
	}
	if content.Auths == nil && content.CredsStore == "" && content.CredHelpers == nil && isDockercfg(data) {
		return File{}, provider.WithHint(
			errors.New("this is the old .dockercfg format, which is not supported"),
			`put its content into {"auths": …}`)
	}
	file := File{
		auths:       make(map[string]provider.Secret, len(content.Auths)),
		credsStore:  content.CredsStore,
		credHelpers: content.CredHelpers,
	}
	for key, entry := range content.Auths {
		file.auths[key] = provider.NewSecret(string(entry))
	}
	return file, nil
}

// jsonError says where err is. The text of err is left out: it may quote a secret.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Errorf("field %s has the wrong JSON type", mismatch.Field)
	}
	return errors.New("not a JSON object")
}

// isDockercfg reports whether data is a map of hosts without the "auths" around it.
func isDockercfg(data []byte) bool {
	var hosts map[string]json.RawMessage
	if json.Unmarshal(data, &hosts) != nil {
		return false
	}
	for _, text := range hosts {
		var e entry
		if json.Unmarshal(text, &e) == nil && (!e.Auth.Empty() || e.Username != "") {
			return true
		}
	}
	return false
}
