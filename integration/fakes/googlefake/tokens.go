package googlefake

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

const (
	keyTokenPath = "/token"                          // of oauth2.googleapis.com
	exchangePath = "/v1/token"                       // of sts.googleapis.com
	accountsPath = "/v1/projects/-/serviceAccounts/" // of iamcredentials.googleapis.com
	subjectPath  = "/subject-token"                  // of a cloud that is federated
)

// keyToken gives the token of a service account for an assertion signed with its key.
func (s *Server) keyToken(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(r)
	if err != nil || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		OAuthError(http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type").Write(w)
		return
	}
	claims, err := s.verify(form.Get("assertion"))
	if err != nil {
		OAuthError(http.StatusBadRequest, "invalid_grant", err.Error()).Write(w)
		return
	}
	scopes := strings.Fields(claims.Scope)
	if !hasRegistryScope(scopes) {
		OAuthError(http.StatusBadRequest, "invalid_scope", "none of the scopes is for a registry").Write(w)
		return
	}
	token := s.newToken(claims.Issuer, scopes)
	script.JSON(w, http.StatusOK, map[string]any{
		"access_token": token.AccessToken,
		"expires_in":   expiresIn(token),
		"token_type":   "Bearer",
	})
}

// claims are those of a key file's assertion.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Scope    string `json:"scope"`
	Expires  int64  `json:"exp"`
}

// verify checks a JWT: signed by RS256 with the fake's key, for a token endpoint of the fake's
// or of the real one's name, and not expired.
func (s *Server) verify(assertion string) (claims, error) {
	signed, encodedSignature, _ := cutLast(assertion, ".")
	encodedHeader, encodedClaims, _ := strings.Cut(signed, ".")
	var header struct {
		Algorithm string `json:"alg"`
	}
	var c claims
	signature, err := base64.RawURLEncoding.DecodeString(encodedSignature)
	if err := errors.Join(err, decodePart(encodedHeader, &header), decodePart(encodedClaims, &c)); err != nil {
		return claims{}, errors.New("malformed JWT")
	}
	hash := sha256.Sum256([]byte(signed))
	switch {
	case header.Algorithm != "RS256" || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, hash[:], signature) != nil:
		return claims{}, errors.New("invalid JWT signature")
	case c.Audience != s.URL+keyTokenPath && c.Audience != "https://oauth2.googleapis.com/token":
		return claims{}, errors.New("invalid JWT: wrong audience")
	case time.Now().Unix() > c.Expires:
		return claims{}, errors.New("invalid JWT: expired")
	}
	return c, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

func decodePart(encoded string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// exchangeToken gives a federated token for the subject token of another cloud.
func (s *Server) exchangeToken(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(r)
	switch {
	case err != nil || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange":
		OAuthError(http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type").Write(w)
	case form.Get("audience") != Audience || form.Get("subject_token_type") != subjectTokenType:
		OAuthError(http.StatusBadRequest, "invalid_target", "no such workload identity provider").Write(w)
	case form.Get("subject_token") != s.subject:
		OAuthError(http.StatusBadRequest, "invalid_grant", "the subject token is not the provider's").Write(w)
	case !hasRegistryScope(strings.Fields(form.Get("scope"))):
		OAuthError(http.StatusBadRequest, "invalid_scope", "none of the scopes is for a registry").Write(w)
	default:
		token := s.newToken(FederatedPrincipal, strings.Fields(form.Get("scope")))
		script.JSON(w, http.StatusOK, map[string]any{
			"access_token":      token.AccessToken,
			"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
			"token_type":        "Bearer",
			"expires_in":        expiresIn(token),
		})
	}
}

// subjectToken is what the other cloud answers to a credential that gets its token by URL.
func (s *Server) subjectToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(subjectHeader) != subjectHeaderValue {
		http.Error(w, "the header of the credential file is missing", http.StatusForbidden)
		return
	}
	script.JSON(w, http.StatusOK, map[string]string{subjectField: s.subject})
}

// generateToken gives the token of account to the holder of another token.
func (s *Server) generateToken(w http.ResponseWriter, r *http.Request, account string) {
	var request struct {
		Scope []string `json:"scope"`
	}
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	body, err := script.Body(r)
	switch {
	case !s.valid(bearer):
		APIError(http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials.").Write(w)
	case !s.mayImpersonate(account):
		APIError(http.StatusForbidden, "PERMISSION_DENIED",
			"Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).").Write(w)
	case err != nil || json.Unmarshal(body, &request) != nil || !hasRegistryScope(request.Scope):
		APIError(http.StatusBadRequest, "INVALID_ARGUMENT", "none of the scopes is for a registry").Write(w)
	default:
		token := s.newToken(account, request.Scope)
		script.JSON(w, http.StatusOK, map[string]string{
			"accessToken": token.AccessToken,
			"expireTime":  token.Expires.UTC().Format(time.RFC3339),
		})
	}
}

func readForm(r *http.Request) (url.Values, error) {
	body, err := script.Body(r)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

// OAuthError orders an error in the form of the token endpoints, such as 400 invalid_grant.
func OAuthError(status int, code, description string) script.Order {
	body, _ := json.Marshal(map[string]string{"error": code, "error_description": description}) // strings only
	return script.Fail(status, string(body))
}

// APIError orders an error in the form of Google's other APIs, such as 403 PERMISSION_DENIED.
func APIError(status int, code, message string) script.Order {
	body, _ := json.Marshal(map[string]any{ // strings and an int
		"error": map[string]any{"code": status, "status": code, "message": message},
	})
	return script.Fail(status, string(body))
}
