package dockerconfig

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// harmless are the fields of a config.json, and of an entry of it, whose values are no secrets.
var harmless = [...]string{"username", "email", "serveraddress", "credsStore", "credHelpers"}

// Secrets returns the secrets in data, the content of a config.json or of a pull secret: of each entry the
// auth with the password in it, the password and the tokens, and those in keys that are URLs. Other strings
// count as secrets as well, such as those in HttpHeaders. Of what is no JSON, there are none.
func Secrets(data []byte) []string {
	var content map[string]any
	if json.Unmarshal(data, &content) != nil {
		return nil
	}
	return collectSecrets(content, "", nil)
}

func collectSecrets(value any, field string, found []string) []string {
	switch v := value.(type) {
	case string:
		found = append(found, v)
		if _, password, err := decodeAuth(v); field == "auth" && err == nil {
			found = append(found, password)
		}
	case []any:
		for _, item := range v {
			found = collectSecrets(item, field, found)
		}
	case map[string]any:
		for name, item := range v {
			if u, err := url.Parse(name); strings.Contains(name, "@") && err == nil && u.User != nil {
				password, _ := u.User.Password()
				found = append(found, password)
			}
			if !slices.Contains(harmless[:], name) {
				found = collectSecrets(item, name, found)
			}
		}
	}
	return found
}
