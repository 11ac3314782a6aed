// Package googlefake is a fake of the parts of Google Cloud that give access tokens: the GCE
// metadata server, the OAuth token endpoint for key files, the token exchange of workload
// identity federation, and the impersonation of service accounts. One loopback server has
// them all, under the paths of the real ones.
package googlefake

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// The operations, by which calls are counted and orders given.
const (
	MetadataToken = "metadata:Token"               // of the instance's service account
	KeyToken      = "oauth2:Token"                 // for the signed assertion of a key file
	ExchangeToken = "sts:Token"                    // for the subject token of a federated identity
	SubjectToken  = "subject:Token"                // the subject token, of a credential that gets it by URL
	GenerateToken = "iamcredentials:GenerateToken" // of an impersonated service account
)

// NodeAccount is the service account of the fake's instance.
const NodeAccount = "123456789012-compute@developer.gserviceaccount.com"

// A Config is what the fake's project has.
type Config struct {
	// NoServiceAccount is an instance without a service account: 404 for its token.
	NoServiceAccount bool
	// Lifetime is how long the access tokens given out from now on live.
	Lifetime time.Duration
	// Impersonated are the service accounts that every holder of a token may impersonate.
	Impersonated []string
}

// A Server is a running fake.
type Server struct {
	*script.Server
	key     *rsa.PrivateKey // of the service accounts' key files
	subject string          // the subject token of federated identities

	mu     sync.Mutex
	config Config
	tokens map[string]Token // by access token
}

// Start starts a fake of an instance with a service account; tokens live an hour, nobody can
// be impersonated.
func Start() (*Server, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	s := &Server{
		key:     key,
		subject: "subject." + rand.Text(),
		config:  Config{Lifetime: time.Hour},
		tokens:  map[string]Token{},
	}
	s.Server, err = script.Serve(script.New(), http.HandlerFunc(s.route))
	return s, err
}

// Configure changes the config, for all calls from now on.
func (s *Server) Configure(change func(*Config)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.config)
}

func (s *Server) settings() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

func (s *Server) mayImpersonate(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.config.Impersonated, account)
}

// MetadataEnv returns the variables that point Google's libraries at the fake's metadata server.
func (s *Server) MetadataEnv() []string {
	return []string{"GCE_METADATA_HOST=" + s.Address}
}

// A Token is an access token that the fake has given out.
type Token struct {
	AccessToken string
	Principal   string // whose: a service account's email, or the principal of a federated identity
	Scopes      []string
	Expires     time.Time
}

// Token finds an access token.
func (s *Server) Token(accessToken string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.tokens[accessToken]
	return token, found
}

// Secrets returns all the secrets that the fake has given out.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(slices.Collect(maps.Keys(s.tokens)), s.subject)
}

// Login reports whether a registry of Google's takes the login: the user is
// oauth2accesstoken, the password an access token that has not expired.
func (s *Server) Login(user, password string) bool {
	return user == "oauth2accesstoken" && s.valid(password)
}

func (s *Server) valid(accessToken string) bool {
	token, found := s.Token(accessToken)
	return found && time.Now().Before(token.Expires)
}

// newToken makes an access token of the length of Google's.
func (s *Server) newToken(principal string, scopes []string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := Token{
		AccessToken: "ya29.c." + strings.Repeat(rand.Text(), 8),
		Principal:   principal,
		Scopes:      slices.Clone(scopes),
		Expires:     time.Now().Add(s.config.Lifetime),
	}
	s.tokens[token.AccessToken] = token
	return token
}

// registryScopes are the scopes of which a token needs one to pull from a registry.
var registryScopes = []string{
	"https://www.googleapis.com/auth/cloud-platform",
	"https://www.googleapis.com/auth/cloud-platform.read-only",
	"https://www.googleapis.com/auth/devstorage.read_only",
}

func hasRegistryScope(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(registryScopes, scope) })
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	account, generates := strings.CutSuffix(r.URL.Path, ":generateAccessToken")
	switch {
	case strings.HasPrefix(r.URL.Path, "/computeMetadata/v1/"):
		s.routeMetadata(w, r)
	case r.URL.Path == subjectPath:
		s.Do(SubjectToken, w, r, s.subjectToken)
	case r.Method != http.MethodPost:
		http.NotFound(w, r)
	case r.URL.Path == keyTokenPath:
		s.Do(KeyToken, w, r, s.keyToken)
	case r.URL.Path == exchangePath:
		s.Do(ExchangeToken, w, r, s.exchangeToken)
	case generates && strings.HasPrefix(account, accountsPath):
		s.Do(GenerateToken, w, r, func(w http.ResponseWriter, r *http.Request) {
			s.generateToken(w, r, strings.TrimPrefix(account, accountsPath))
		})
	default:
		http.NotFound(w, r)
	}
}
