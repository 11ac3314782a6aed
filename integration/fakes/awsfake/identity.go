package awsfake

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// An Identity is a principal's access key.
type Identity struct {
	Principal                                  string // its ARN
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time // zero for one that does not
}

// NewUser returns an access key, good until the fake is closed, of a user by that name.
func (s *Server) NewUser(name string) Identity {
	return s.add(Identity{
		Principal:       "arn:aws:iam::" + Account + ":user/" + name,
		AccessKeyID:     "AKIA" + rand.Text()[:16],
		SecretAccessKey: rand.Text(),
	})
}

// newSession returns temporary credentials of a role.
func (s *Server) newSession(role, session string) Identity {
	return s.add(Identity{
		Principal:       "arn:aws:sts::" + Account + ":assumed-role/" + role + "/" + session,
		AccessKeyID:     "ASIA" + rand.Text()[:16],
		SecretAccessKey: rand.Text(),
		SessionToken:    rand.Text() + rand.Text(),
		Expires:         time.Now().Add(s.settings().CredentialLifetime),
	})
}

func (s *Server) add(id Identity) Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities[id.AccessKeyID] = id
	return id
}

// Env returns the variables from which an SDK takes the identity.
func (id Identity) Env() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + id.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + id.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + id.SessionToken,
	}
}

// ProcessOutput returns what a credential_process of a profile prints to give the identity.
func (id Identity) ProcessOutput() string {
	output := map[string]any{"Version": 1, "AccessKeyId": id.AccessKeyID, "SecretAccessKey": id.SecretAccessKey}
	if id.SessionToken != "" {
		output["SessionToken"] = id.SessionToken
	}
	if !id.Expires.IsZero() {
		output["Expiration"] = id.Expires.UTC().Format(time.RFC3339)
	}
	text, _ := json.Marshal(output) // strings and an int
	return string(text)
}

// What is wrong with a request's signature.
var (
	errUnsigned  = errors.New("the request is not signed")
	errUnknown   = errors.New("nobody has that access key")
	errExpired   = errors.New("the security token included in the request is expired")
	errSignature = errors.New("the signature does not match")
)

// authenticate records a call of an API, and finds out who signed it, by SigV4, with the
// secret that belongs to the access key.
func (s *Server) authenticate(operation, service string, r *http.Request, params url.Values) (Identity, string, error) {
	request := Request{Operation: operation, Host: r.Host, Params: params}
	defer func() { s.record(request) }()

	const algorithm = "AWS4-HMAC-SHA256 Credential="
	authorization := r.Header.Get("Authorization")
	credential, rest, _ := strings.Cut(strings.TrimPrefix(authorization, algorithm), ", SignedHeaders=")
	headers, _, _ := strings.Cut(rest, ", Signature=")
	scope := strings.Split(credential, "/") // key/date/region/service/aws4_request
	if !strings.HasPrefix(authorization, algorithm) || len(scope) != 5 {
		return Identity{}, "", errUnsigned
	}
	request.AccessKeyID, request.Region = scope[0], scope[2]

	s.mu.Lock()
	id, known := s.identities[request.AccessKeyID]
	s.mu.Unlock()
	if !known || r.Header.Get("X-Amz-Security-Token") != id.SessionToken {
		return Identity{}, "", errUnknown
	}
	request.Principal = id.Principal
	if !id.Expires.IsZero() && time.Now().After(id.Expires) {
		return Identity{}, "", errExpired
	}
	want, err := sign(r, id, service, request.Region, strings.Split(headers, ";"))
	if err != nil || want != authorization {
		return Identity{}, "", errSignature
	}
	return id, request.Region, nil
}

// sign returns the Authorization header that id's secret gives the request, over the headers
// of those names.
func sign(r *http.Request, id Identity, service, region string, headers []string) (string, error) {
	body, err := script.Body(r)
	if err != nil {
		return "", err
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return "", err
	}
	same, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	same.ContentLength = 0
	for _, name := range headers {
		if name == "content-length" {
			same.ContentLength = int64(len(body))
			continue
		}
		if values := r.Header.Values(name); len(values) > 0 {
			same.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	credentials := aws.Credentials{AccessKeyID: id.AccessKeyID, SecretAccessKey: id.SecretAccessKey, SessionToken: id.SessionToken}
	hash := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), credentials, same, hex.EncodeToString(hash[:]), service, region, at)
	return same.Header.Get("Authorization"), err
}
