package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// A pullSecret is the content of a Secret of type kubernetes.io/dockerconfigjson or
// kubernetes.io/dockercfg as the kubelet reads it: DockerConfigJSON and DockerConfig in
// k8s.io/kubernetes/pkg/credentialprovider/config.go.
type pullSecret struct {
	entries []pullEntry // in their order; a key can be there more than once
	helpers bool        // it names credential helpers, which the kubelet never asks
}

// A pullEntry is an entry of a pullSecret.
type pullEntry struct {
	key      string
	username string
	password provider.Secret
	replaced bool  // one behind it has the same key
	token    bool  // it also has a token, which the kubelet ignores
	differs  bool  // its username or password is not that of its auth
	err      error // why the kubelet cannot read it, and so none of the pod's pull secrets
}

// readPullSecret reads data. legacy says that it is a .dockercfg, which has the entries without
// "auths" around them. The error is for what the kubelet cannot read beside the entries.
func readPullSecret(data []byte, legacy bool) (pullSecret, error) {
	fields, err := members(data)
	if err != nil {
		return pullSecret{}, err
	}
	var secret pullSecret
	if legacy {
		secret.entries = pullEntries(fields)
		fields = nil
	}
	for _, field := range fields {
		// encoding/json, in which the kubelet reads it, ignores the case of fields.
		switch {
		case strings.EqualFold(field.name, "auths"):
			entries, err := members(field.value)
			if err != nil {
				return pullSecret{}, errors.New("field auths has the wrong JSON type")
			}
			if entries == nil { // null: forget those of an auths before
				secret.entries = slices.DeleteFunc(secret.entries, func(e pullEntry) bool { return e.err == nil })
			}
			secret.entries = append(secret.entries, pullEntries(entries)...)
		case strings.EqualFold(field.name, "HttpHeaders"):
			var headers map[string]string
			if json.Unmarshal(field.value, &headers) != nil {
				return pullSecret{}, errors.New("field HttpHeaders has the wrong JSON type")
			}
		case strings.EqualFold(field.name, "credsStore"), strings.EqualFold(field.name, "credHelpers"):
			secret.helpers = secret.helpers || !isEmptyJSON(field.value)
		}
	}
	markReplaced(secret.entries)
	return secret, nil
}

func isEmptyJSON(text json.RawMessage) bool {
	var fields map[string]any
	return string(text) == `""` || json.Unmarshal(text, &fields) == nil && len(fields) == 0
}

func pullEntries(fields []member) []pullEntry {
	var entries []pullEntry
	for _, field := range fields {
		entries = append(entries, newPullEntry(field.name, field.value))
	}
	return entries
}

func newPullEntry(key string, text json.RawMessage) pullEntry {
	// Other fields may be of any type.
	var fields struct {
		Auth     provider.Secret `json:"auth"`
		Username string          `json:"username"`
		Password provider.Secret `json:"password"`
		Email    string          `json:"email"`
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return pullEntry{key: key, err: jsonError(err)}
	}
	username, password, err := login(fields.Auth, fields.Username, fields.Password)
	if err != nil {
		return pullEntry{key: key, err: err}
	}
	return pullEntry{
		key:      key,
		username: username,
		password: provider.NewSecret(password),
		token:    hasToken(text),
		differs: fields.Username != "" && fields.Username != username ||
			!fields.Password.Empty() && fields.Password.Reveal() != password,
	}
}

// hasToken reports whether an entry has an identity or registry token.
func hasToken(text json.RawMessage) bool {
	var tokens struct {
		Identity any `json:"identitytoken"`
		Registry any `json:"registrytoken"`
	}
	err := json.Unmarshal(text, &tokens)
	present := func(token any) bool { return token != nil && token != "" }
	return err == nil && (present(tokens.Identity) || present(tokens.Registry))
}

// effective returns the entries that count: of those with one key the last. The error names
// the first one that the kubelet cannot read.
func (s pullSecret) effective() ([]pullEntry, error) {
	var entries []pullEntry
	for _, entry := range s.entries {
		if entry.err != nil {
			return nil, fmt.Errorf("%s: %w", quoteKey(entry.key), entry.err)
		}
		if !entry.replaced {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// markReplaced marks the entries whose key comes again.
func markReplaced(entries []pullEntry) {
	seen := map[string]bool{}
	for i := len(entries) - 1; i >= 0; i-- {
		entries[i].replaced = seen[entries[i].key]
		seen[entries[i].key] = true
	}
}

// A member is a name and a value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in their order, each as often as it is there,
// and nil for null. Errors tell where data is malformed and hold none of it.
func members(data []byte) ([]member, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, jsonError(err)
	}
	if object == nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return nil, jsonError(err)
	}
	list := []member{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, jsonError(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, jsonError(err)
		}
		list = append(list, member{fmt.Sprint(name), value})
	}
	return list, nil
}
