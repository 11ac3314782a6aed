// Package awsfake is a fake of the parts of AWS that a node asks for the credentials of a
// registry: the instance metadata service, the container credentials endpoint, STS, ECR and
// ECR Public. One loopback server has them all; it tells them apart as the SDKs' requests
// differ, whatever host they are sent to.
package awsfake

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// The operations, by which calls are counted and orders given.
const (
	IMDSToken                   = "imds:Token"       // PUT of the session token of IMDSv2
	IMDSRole                    = "imds:Role"        // GET of the name of the instance's role
	IMDSCredentials             = "imds:Credentials" // GET of that role's credentials
	ContainerCredentials        = "container:Credentials"
	AssumeRole                  = "sts:AssumeRole"
	AssumeRoleWithWebIdentity   = "sts:AssumeRoleWithWebIdentity"
	GetAuthorizationToken       = "ecr:GetAuthorizationToken"
	GetPublicAuthorizationToken = "ecr-public:GetAuthorizationToken"
)

// Account is the account of all the fake's principals.
const Account = "123456789012"

// A Config is what the fake's account has.
type Config struct {
	// InstanceRole is the name of the role of the EC2 instance; "" for an instance without one.
	InstanceRole string
	// IMDSDisabled switches the instance metadata service off: 403 for everything.
	IMDSDisabled bool
	// IMDSv1 also answers requests without a session token.
	IMDSv1 bool
	// ContainerToken is the Authorization header that the container credentials endpoint
	// asks for; "" for none.
	ContainerToken string
	// Roles are the roles that can be assumed, by ARN.
	Roles map[string]Role
	// CredentialLifetime is how long credentials given out from now on live, TokenLifetime
	// the same for ECR's tokens. With a negative one they have expired already.
	CredentialLifetime, TokenLifetime time.Duration
}

// A Role says who may assume it.
type Role struct {
	// ExternalID must be the request's; "" asks for none.
	ExternalID string
	// WebIdentity is the token that AssumeRoleWithWebIdentity takes; "" refuses them all.
	WebIdentity string
}

// A Server is a running fake.
type Server struct {
	*script.Server

	mu            sync.Mutex
	config        Config
	identities    map[string]Identity // by access key
	sessions      map[string]bool     // the session tokens of IMDSv2
	registryToken map[string]Token    // by password
	requests      []Request

	instanceMu sync.Mutex // taken before mu
	instance   Identity   // the credentials that the instance metadata service hands out
}

// Start starts a fake of an instance with the role "node", without roles to assume;
// credentials live an hour, ECR's tokens twelve.
func Start() (*Server, error) {
	s := &Server{
		config:        Config{InstanceRole: "node", CredentialLifetime: time.Hour, TokenLifetime: 12 * time.Hour},
		identities:    map[string]Identity{},
		sessions:      map[string]bool{},
		registryToken: map[string]Token{},
	}
	var err error
	s.Server, err = script.Serve(script.New(), http.HandlerFunc(s.route))
	return s, err
}

// Configure changes the config, for all calls from now on. The instance metadata service goes
// on with new credentials.
func (s *Server) Configure(change func(*Config)) {
	s.instanceMu.Lock()
	defer s.instanceMu.Unlock()
	s.instance = Identity{}
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.config)
}

func (s *Server) settings() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

// role finds the role that an ARN names.
func (s *Server) role(arn string) (Role, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	role, exists := s.config.Roles[arn]
	return role, exists
}

// MetadataEnv returns the variables that point an SDK at the fake's instance metadata service.
func (s *Server) MetadataEnv() []string {
	return []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + s.URL}
}

// EndpointEnv returns the variables that point an SDK at the fake's STS, ECR and ECR Public.
// The SDK refuses them together with FIPS and dual-stack endpoints: those take a tlsproxy.
func (s *Server) EndpointEnv() []string {
	return []string{
		"AWS_ENDPOINT_URL_STS=" + s.URL,
		"AWS_ENDPOINT_URL_ECR=" + s.URL,
		"AWS_ENDPOINT_URL_ECR_PUBLIC=" + s.URL,
	}
}

// A Request is a call of STS, ECR or ECR Public, answered or refused.
type Request struct {
	Operation string
	Host      string // that was asked
	// AccessKeyID and Region are those of the request's signature, Principal is the owner of
	// the access key; all empty for an unsigned request.
	AccessKeyID, Region, Principal string
	// Params are the parameters of a call of STS.
	Params url.Values
}

// Requests returns the requests of STS, ECR and ECR Public so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Secrets returns all the secrets that the fake has given out, and those of its users.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	secrets := slices.Concat(slices.Collect(maps.Keys(s.sessions)), slices.Collect(maps.Keys(s.registryToken)))
	for _, id := range s.identities {
		secrets = append(secrets, id.SecretAccessKey)
		if id.SessionToken != "" {
			secrets = append(secrets, id.SessionToken)
		}
	}
	return secrets
}

func (s *Server) record(request Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/latest/api/token":
		s.Do(IMDSToken, w, r, s.imdsToken)
	case path == rolePath:
		s.Do(IMDSRole, w, r, s.imdsRole)
	case strings.HasPrefix(path, rolePath):
		s.Do(IMDSCredentials, w, r, s.imdsCredentials)
	case path == containerPath:
		s.Do(ContainerCredentials, w, r, s.containerCredentials)
	case r.Method == http.MethodPost && path == "/":
		s.routeAPI(w, r)
	default:
		http.NotFound(w, r)
	}
}

// routeAPI tells the services apart: ECR and ECR Public speak AWS JSON 1.1 and name the
// operation in a header, STS speaks the Query protocol and names it in the form.
func (s *Server) routeAPI(w http.ResponseWriter, r *http.Request) {
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken":
		s.Do(GetAuthorizationToken, w, r, s.getAuthorizationToken)
		return
	case "SpencerFrontendService.GetAuthorizationToken":
		s.Do(GetPublicAuthorizationToken, w, r, s.getPublicAuthorizationToken)
		return
	}
	params, err := readForm(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch params.Get("Action") {
	case "AssumeRole":
		s.Do(AssumeRole, w, r, s.assumeRole)
	case "AssumeRoleWithWebIdentity":
		s.Do(AssumeRoleWithWebIdentity, w, r, s.assumeRoleWithWebIdentity)
	default:
		STSError(http.StatusBadRequest, "InvalidAction", "the fake has no such operation").Write(w)
	}
}
