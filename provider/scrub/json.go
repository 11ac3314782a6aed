package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// literalLength returns the length of the JSON string that text begins with.
func literalLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// literal is Scrub for a JSON string.
func (s *Scrubber) literal(literal string) string {
	var text string
	if json.Unmarshal([]byte(literal), &text) != nil {
		return s.Scrub(literal)
	}
	if clean := s.Scrub(text); clean != text {
		return `"` + jsonText(clean, false) + `"`
	}
	return literal
}

// jsonText returns text as it stands in a JSON string.
func jsonText(text string, escapeHTML bool) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(escapeHTML)
	if encoder.Encode(text) != nil {
		return text
	}
	return strings.TrimSuffix(out.String()[1:], "\"\n")
}

// public are the fields in the files of https://google.aip.dev/auth whose values are no secrets. Messages
// name some of them.
var public = [...]string{
	"type", "project_id", "quota_project_id", "client_id", "client_email", "account", "universe_domain",
	"auth_uri", "token_uri", "auth_provider_x509_cert_url", "client_x509_cert_url",
	"audience", "subject_token_type", "subject_token_field_name", "service_account_impersonation_url",
	"workforce_pool_user_project", "environment_id", "file", "command", "output_file", "delegates", "scopes",
}

// urls are the fields there that are URLs, which can have a secret in them.
var urls = [...]string{
	"url", "region_url", "regional_cred_verification_url", "imdsv2_session_token_url",
	"token_url", "token_info_url", "revoke_url",
}

// values returns the values in a JSON object that can be secrets, at any depth, false if text is none. It
// looks into base64 as well: a key file is stored so as a password.
func values(text string) ([]string, bool) {
	if !strings.HasPrefix(text, "{") {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !bytes.HasPrefix(decoded, []byte("{")) {
			return nil, false
		}
		text = string(decoded)
	}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return nil, false
	}
	return collect(object, "", nil), true
}

// collect appends the strings in the value of a field to list.
func collect(value any, field string, list []string) []string {
	switch v := value.(type) {
	case string:
		switch {
		case slices.Contains(public[:], field):
		case slices.Contains(urls[:], field):
			list = append(list, InURL(v)...)
		default:
			list = append(list, v)
		}
	case []any:
		for _, item := range v {
			list = collect(item, field, list)
		}
	case map[string]any:
		for name, item := range v {
			list = collect(item, name, list)
		}
	}
	return list
}
