package dockerconfig

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// harmless are the fields of an entry whose values are no secrets.
var harmless = [...]string{"username", "email", "serveraddress"}

// Secrets returns the secrets in data, the content of a config.json or of a pull secret, also of one in the old
// format: of each entry all but the harmless fields, the password in auth, and the password in a key that is a
// URL; and the HTTP headers. Of JSON with a mistake, it is what stands where the fields with a secret have theirs.
func Secrets(data []byte) []string {
	var content map[string]any
	if json.Unmarshal(data, &content) != nil {
		return brokenSecrets(string(data))
	}
	var found []string
	for name, value := range content {
		switch object, _ := value.(map[string]any); {
		case strings.EqualFold(name, "auths"):
			for key, entry := range object {
				found = append(found, entrySecrets(key, entry)...)
			}
		case strings.EqualFold(name, "HttpHeaders"):
			found = append(found, texts(value)...)
		case isEntry(object):
			found = append(found, entrySecrets(name, value)...)
		}
	}
	return found
}

// brokenSecrets is Secrets for what is no JSON object.
func brokenSecrets(text string) []string {
	var found []string
	pieces := strings.Split(text, `"`)
	for i := 0; i+2 < len(pieces); i++ {
		if isSecretField(pieces[i]) && strings.TrimSpace(pieces[i+1]) == ":" {
			found = append(found, entrySecrets("", map[string]any{pieces[i]: pieces[i+2]})...)
		}
	}
	return found
}

func isSecretField(name string) bool {
	switch strings.ToLower(name) {
	case "auth", "password", "identitytoken", "registrytoken":
		return true
	}
	return false
}

// isEntry reports whether an object is an entry in the old format.
func isEntry(object map[string]any) bool {
	for name := range object {
		if isSecretField(name) || strings.EqualFold(name, "username") {
			return true
		}
	}
	return false
}

func entrySecrets(key string, value any) []string {
	var found []string
	if u, err := url.Parse(key); err == nil && u.User != nil {
		password, _ := u.User.Password()
		found = append(found, password)
	}
	fields, isObject := value.(map[string]any)
	if !isObject {
		return append(found, texts(value)...)
	}
	for name, field := range fields {
		name = strings.ToLower(name) // package json does not care about it either
		if slices.Contains(harmless[:], name) {
			continue
		}
		found = append(found, texts(field)...)
		if text, isText := field.(string); isText && name == "auth" {
			if _, password, err := decodeAuth(text); err == nil {
				found = append(found, password)
			}
		}
	}
	return found
}

// texts returns the strings in a value, at any depth.
func texts(value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		found = append(found, v)
	case []any:
		for _, item := range v {
			found = append(found, texts(item)...)
		}
	case map[string]any:
		for _, item := range v {
			found = append(found, texts(item)...)
		}
	}
	return found
}
