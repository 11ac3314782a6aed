// Package registry runs the registry server of the distribution project, in memory and on
// loopback, with token authentication as Docker Hub has it: a bearer challenge leads to a
// token endpoint, which refuses a wrong password and gives the anonymous a token for public
// repositories.
package registry

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/token" // the auth type "token"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/sirupsen/logrus"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// The operations, by which calls are counted and orders given.
const (
	Token = "registry:Token" // a login, or a request for an anonymous token
	API   = "registry:API"   // a request of the registry itself, with a token or without
)

// A Server is a running registry. It serves plain http at its URL, whatever host name is
// asked; behind something that terminates TLS, that says so in X-Forwarded-Proto.
type Server struct {
	*script.Server
	login     func(user, password string) bool
	issuer    *issuer
	app       *handlers.App
	transport *http.Transport

	mu      sync.Mutex
	public  map[string]bool // by repository
	pushers map[string]bool // by user
}

// Start starts an empty registry. Whoever login accepts may pull from all repositories.
// The registry's logs, which go through a logger of the whole process, are thrown away.
func Start(login func(user, password string) bool) (*Server, error) {
	logrus.SetOutput(io.Discard)
	issuer, err := newIssuer()
	if err != nil {
		return nil, err
	}
	keys, err := issuer.writeKeys()
	if err != nil {
		return nil, err
	}
	defer os.Remove(keys) // read once, at the start
	s := &Server{
		login:     login,
		issuer:    issuer,
		transport: &http.Transport{},
		public:    map[string]bool{},
		pushers:   map[string]bool{},
		app: handlers.NewApp(context.Background(), &configuration.Configuration{
			Storage: configuration.Storage{
				"inmemory":    nil,
				"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
			},
			Auth: configuration.Auth{"token": {
				"autoredirect": true, // the token endpoint is at the host that was asked
				"realm":        tokenPath,
				"issuer":       issuerName,
				"service":      serviceName,
				"jwks":         keys,
			}},
		}),
	}
	s.Server, err = script.Serve(script.New(), http.HandlerFunc(s.route))
	if err != nil {
		s.app.Shutdown()
	}
	return s, err
}

// Close ends all connections and frees the port.
func (s *Server) Close() error {
	err := s.Server.Close()
	s.transport.CloseIdleConnections()
	s.app.Shutdown()
	return err
}

// MakePublic lets the anonymous pull from repositories, such as library/busybox.
func (s *Server) MakePublic(repositories ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, repository := range repositories {
		s.public[repository] = true
	}
}

func (s *Server) isPublic(repository string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.public[repository]
}

// AllowPush lets users push to all repositories, with a login that is accepted.
func (s *Server) AllowPush(users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, user := range users {
		s.pushers[user] = true
	}
}

// actions are what a user's token allows.
func (s *Server) actions(user string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pushers[user] {
		return []string{"pull", "push"}
	}
	return []string{"pull"}
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Forwarded-Proto") == "" {
		r.Header.Set("X-Forwarded-Proto", "http")
	}
	if r.URL.Path == tokenPath {
		s.Do(Token, w, r, s.token)
		return
	}
	s.Do(API, w, r, s.app.ServeHTTP)
}

// token is the token endpoint: of the token specification by GET, of its OAuth2 variant by POST,
// which containerd uses with a password.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	user, password, loggedIn := credential(r)
	if loggedIn && !s.login(user, password) {
		script.JSON(w, http.StatusUnauthorized, map[string]string{"details": "incorrect username or password"})
		return
	}
	var granted []string
	for _, repository := range askedRepositories(r) {
		if loggedIn || s.isPublic(repository) {
			granted = append(granted, repository)
		}
	}
	token, err := s.issuer.sign(user, granted, s.actions(user)...)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	name := "token"
	if r.Method == http.MethodPost {
		name = "access_token"
	}
	script.JSON(w, http.StatusOK, map[string]any{name: token, "expires_in": int(tokenLifetime.Seconds())})
}

// credential returns what the request logs in with, if it does.
func credential(r *http.Request) (user, password string, loggedIn bool) {
	if r.Method == http.MethodPost {
		return r.PostFormValue("username"), r.PostFormValue("password"), r.PostFormValue("grant_type") == "password"
	}
	return r.BasicAuth()
}

// askedRepositories returns the repositories that the request wants to pull from, out of its
// scopes of the form repository:NAME:ACTIONS.
func askedRepositories(r *http.Request) []string {
	var repositories []string
	r.ParseForm()
	for _, scopes := range r.Form["scope"] {
		for _, scope := range strings.Fields(scopes) {
			kind, rest, _ := strings.Cut(scope, ":")
			repository, actions, _ := strings.Cut(rest, ":")
			if kind == "repository" && strings.Contains(actions, "pull") {
				repositories = append(repositories, repository)
			}
		}
	}
	return repositories
}
