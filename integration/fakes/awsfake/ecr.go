package awsfake

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// A Token is a registry's password that the fake has given out.
type Token struct {
	Password  string
	Principal string // who asked for it
	Host      string // that was asked
	Region    string // the only one whose registries take it
	Public    bool   // for ECR Public
	Expires   time.Time
}

// Token finds the token that is a password.
func (s *Server) Token(password string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.registryToken[password]
	return token, found
}

// Login reports whether an ECR registry takes the login: the user is AWS and the password a
// token that has not expired.
func (s *Server) Login(user, password string) bool {
	token, found := s.Token(password)
	return user == "AWS" && found && time.Now().Before(token.Expires)
}

func (s *Server) getAuthorizationToken(w http.ResponseWriter, r *http.Request) {
	id, region, err := s.authenticate(GetAuthorizationToken, "ecr", r, nil)
	if err != nil {
		ECRError(http.StatusBadRequest, ecrCode(err), err.Error()).Write(w)
		return
	}
	data := s.newToken(id, r.Host, region, false)
	data["proxyEndpoint"] = "https://" + Account + ".dkr.ecr." + region + ".amazonaws.com"
	answerJSON11(w, map[string]any{"authorizationData": []any{data}})
}

// getPublicAuthorizationToken is ECR Public's, which there is in us-east-1 alone.
func (s *Server) getPublicAuthorizationToken(w http.ResponseWriter, r *http.Request) {
	id, region, err := s.authenticate(GetPublicAuthorizationToken, "ecr-public", r, nil)
	switch {
	case err != nil:
		ECRError(http.StatusBadRequest, ecrCode(err), err.Error()).Write(w)
	case region != "us-east-1":
		ECRError(http.StatusBadRequest, "InvalidSignatureException", "Credential should be scoped to a valid region.").Write(w)
	default:
		answerJSON11(w, map[string]any{"authorizationData": s.newToken(id, r.Host, region, true)})
	}
}

// newToken makes a token and returns it as both services' answers give it.
func (s *Server) newToken(id Identity, host, region string, public bool) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := Token{
		Password:  newPassword(),
		Principal: id.Principal,
		Host:      host,
		Region:    region,
		Public:    public,
		Expires:   time.Now().Add(s.config.TokenLifetime),
	}
	s.registryToken[token.Password] = token
	return map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + token.Password)),
		"expiresAt":          float64(token.Expires.UnixMilli()) / 1000,
	}
}

// newPassword returns a password of the length of ECR's, some 2.5 KB of base64.
func newPassword() string {
	payload := make([]byte, 1800)
	rand.Read(payload)
	return base64.StdEncoding.EncodeToString(payload)
}

// ECRError orders an error in the form of ECR and ECR Public, such as 400
// AccessDeniedException.
func ECRError(status int, code, message string) script.Order {
	body, _ := json.Marshal(map[string]string{"__type": code, "message": message}) // strings only
	return script.Fail(status, string(body))
}

func ecrCode(err error) string {
	switch err {
	case errUnsigned:
		return "MissingAuthenticationTokenException"
	case errExpired:
		return "ExpiredTokenException"
	case errSignature:
		return "InvalidSignatureException"
	}
	return "UnrecognizedClientException"
}

func answerJSON11(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	json.NewEncoder(w).Encode(v)
}
