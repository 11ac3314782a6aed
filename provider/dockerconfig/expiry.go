package dockerconfig

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Expiries returns, by key, when the tokens in a pull secret expire, of those that tell it
// themselves: the tokens of Amazon ECR and of Azure Container Registry. data and legacy are those
// of Check. There is nothing for a key whose credential does not tell, and nothing at all if the
// kubelet cannot read the secret.
func Expiries(data []byte, legacy bool) map[string]time.Time {
	secret, err := readPullSecret(data, legacy)
	if err != nil {
		return nil
	}
	entries, err := secret.effective()
	if err != nil {
		return nil
	}
	expiries := map[string]time.Time{}
	for _, entry := range entries {
		if expires, ok := tokenExpiry(entry.username, entry.password.Reveal()); ok {
			expiries[shownKey(entry.key)] = expires
		}
	}
	return expiries
}

// tokenExpiry returns the end of a token's life, to the second. The token is not verified.
func tokenExpiry(username, password string) (time.Time, bool) {
	var claims struct {
		ECR int64 `json:"expiration"`
		JWT int64 `json:"exp"`
	}
	switch username {
	case "AWS": // the base64 of a JSON object
		decoded, err := decodeBase64(password)
		if err != nil || json.Unmarshal([]byte(decoded), &claims) != nil || claims.ECR <= 0 {
			return time.Time{}, false
		}
		return time.Unix(claims.ECR, 0), true
	case "00000000-0000-0000-0000-000000000000": // a JSON Web Token, RFC 7519
		parts := strings.Split(password, ".")
		if len(parts) != 3 {
			return time.Time{}, false
		}
		decoded, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(decoded, &claims) != nil || claims.JWT <= 0 {
			return time.Time{}, false
		}
		return time.Unix(claims.JWT, 0), true
	}
	return time.Time{}, false
}
