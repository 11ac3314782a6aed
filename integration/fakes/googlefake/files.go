package googlefake

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
)

// Audience is the workload identity provider of the fake's federated identities, and
// FederatedPrincipal whom its tokens belong to.
const (
	Audience           = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/provider"
	FederatedPrincipal = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool/subject/node"
)

const (
	subjectTokenType   = "urn:ietf:params:oauth:token-type:jwt"
	subjectHeader      = "Metadata"
	subjectHeaderValue = "True"
	subjectField       = "access_token"
)

// WriteKeyFile writes a key file of the service account to path, with the token endpoint at
// tokenURL; "" for the fake's own.
func (s *Server) WriteKeyFile(path, account, tokenURL string) error {
	if tokenURL == "" {
		tokenURL = s.URL + keyTokenPath
	}
	key, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		return err
	}
	return writeJSON(path, map[string]string{
		"type":           "service_account",
		"project_id":     "project",
		"private_key_id": "0123456789abcdef0123456789abcdef01234567",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"client_email":   account,
		"client_id":      "123456789012345678901",
		"token_uri":      tokenURL,
	})
}

// WriteSubjectToken writes the subject token of the fake's federated identity to path, as
// another cloud's agent keeps it there.
func (s *Server) WriteSubjectToken(path string) error {
	return os.WriteFile(path, []byte(s.subject), 0o600)
}

// External says what an external_account file tells of a federated identity.
type External struct {
	// SubjectTokenFile is the file with the subject token; "" gets it from a URL of the fake's.
	SubjectTokenFile string
	// Impersonate is the service account to become; "" uses the federated token itself.
	Impersonate string
}

// WriteExternalAccount writes a credential file of type external_account to path, whose
// endpoints are the fake's.
func (s *Server) WriteExternalAccount(path string, external External) error {
	source := map[string]any{"file": external.SubjectTokenFile}
	if external.SubjectTokenFile == "" {
		source = map[string]any{
			"url":     s.URL + subjectPath,
			"headers": map[string]string{subjectHeader: subjectHeaderValue},
			"format":  map[string]string{"type": "json", "subject_token_field_name": subjectField},
		}
	}
	file := map[string]any{
		"type":               "external_account",
		"audience":           Audience,
		"subject_token_type": subjectTokenType,
		"token_url":          s.URL + exchangePath,
		"credential_source":  source,
	}
	if external.Impersonate != "" {
		file["service_account_impersonation_url"] = s.URL + accountsPath + external.Impersonate + ":generateAccessToken"
	}
	return writeJSON(path, file)
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
