package awsfake

import (
	"crypto/rand"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

const (
	rolePath      = "/latest/meta-data/iam/security-credentials/"
	containerPath = "/v1/credentials"
)

const (
	ttlHeader     = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	sessionHeader = "X-Aws-Ec2-Metadata-Token"
)

// imdsToken opens a session of IMDSv2.
func (s *Server) imdsToken(w http.ResponseWriter, r *http.Request) {
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	switch {
	case s.settings().IMDSDisabled, r.Header.Get("X-Forwarded-For") != "":
		http.Error(w, "Forbidden", http.StatusForbidden)
	case r.Method != http.MethodPut:
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	case err != nil || ttl < 1 || ttl > 21600:
		http.Error(w, "Bad Request", http.StatusBadRequest)
	default:
		session := rand.Text()
		s.mu.Lock()
		s.sessions[session] = true
		s.mu.Unlock()
		w.Header().Set(ttlHeader, strconv.Itoa(ttl))
		io.WriteString(w, session)
	}
}

func (s *Server) imdsRole(w http.ResponseWriter, r *http.Request) {
	if role := s.settings().InstanceRole; s.imdsAllows(w, r, role) {
		io.WriteString(w, role)
	}
}

func (s *Server) imdsCredentials(w http.ResponseWriter, r *http.Request) {
	role := s.settings().InstanceRole
	if !s.imdsAllows(w, r, role) {
		return
	}
	if strings.TrimPrefix(r.URL.Path, rolePath) != role {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	answer := credentialsDocument(s.instanceSession(role))
	answer["Code"] = "Success"
	answer["Type"] = "AWS-HMAC"
	answer["LastUpdated"] = time.Now().UTC().Format(time.RFC3339)
	script.JSON(w, http.StatusOK, answer)
}

// instanceSession returns the credentials of the instance's role. As the real service does, it
// gives everyone the same ones for some hours: here, for half of their life.
func (s *Server) instanceSession(role string) Identity {
	s.instanceMu.Lock()
	defer s.instanceMu.Unlock()
	if time.Until(s.instance.Expires) <= s.settings().CredentialLifetime/2 {
		s.instance = s.newSession(role, "i-0123456789abcdef0")
	}
	return s.instance
}

// imdsAllows answers what is to be refused and returns false for it.
func (s *Server) imdsAllows(w http.ResponseWriter, r *http.Request, role string) bool {
	s.mu.Lock()
	config, session := s.config, s.sessions[r.Header.Get(sessionHeader)]
	s.mu.Unlock()
	switch {
	case config.IMDSDisabled:
		http.Error(w, "Forbidden", http.StatusForbidden)
	case !session && !config.IMDSv1:
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	case role == "":
		http.Error(w, "Not Found", http.StatusNotFound)
	default:
		return true
	}
	return false
}

// ContainerEnv returns the variables that point an SDK at the fake's container credentials
// endpoint, as ECS and EKS Pod Identity set them.
func (s *Server) ContainerEnv() []string {
	return []string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + s.URL + containerPath,
		"AWS_CONTAINER_AUTHORIZATION_TOKEN=" + s.settings().ContainerToken,
	}
}

func (s *Server) containerCredentials(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != s.settings().ContainerToken {
		script.JSON(w, http.StatusUnauthorized, map[string]string{
			"code": "AccessDeniedException", "message": "the authorization token is not the container's",
		})
		return
	}
	answer := credentialsDocument(s.newSession("container", "task"))
	answer["AccountId"] = Account
	script.JSON(w, http.StatusOK, answer)
}

// credentialsDocument returns the fields in which both endpoints give credentials.
func credentialsDocument(id Identity) map[string]string {
	return map[string]string{
		"AccessKeyId":     id.AccessKeyID,
		"SecretAccessKey": id.SecretAccessKey,
		"Token":           id.SessionToken,
		"Expiration":      id.Expires.UTC().Format(time.RFC3339),
	}
}
