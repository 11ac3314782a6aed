package gcr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// cloudPlatform is the scope that Artifact Registry asks for; what the token may do is decided
// by the identity's roles.
const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

// A credentialsFile is a file of Application Default Credentials, with where it was found.
type credentialsFile struct {
	path string
	data provider.Secret // JSON
}

// credentials reads the file of the rule, of GOOGLE_APPLICATION_CREDENTIALS, or of gcloud, in
// this order. It returns nil if none is named and gcloud has none.
func (p *Provider) credentials() (*credentialsFile, error) {
	for _, path := range []string{p.CredentialsFile, p.Getenv("GOOGLE_APPLICATION_CREDENTIALS")} {
		if path != "" {
			data, err := safefile.ReadSecret(path, p.Warn)
			if err != nil {
				return nil, err
			}
			return p.newFile(path, data), nil
		}
	}
	if p.DefaultFile == "" {
		return nil, nil
	}
	data, err := safefile.ReadSecret(p.DefaultFile, p.Warn)
	switch {
	case safefile.IsMissing(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return p.newFile(p.DefaultFile, data), nil
}

func (p *Provider) newFile(path string, data []byte) *credentialsFile {
	p.Hide(string(data))
	return &credentialsFile{path, provider.NewSecret(string(data))}
}

// A fileHead is what decides how a credentials file is used.
type fileHead struct {
	Type   google.CredentialsType `json:"type"`
	Source struct {
		File       string          `json:"file"`
		Executable json.RawMessage `json:"executable"`
	} `json:"credential_source"`
	Base *fileHead `json:"source_credentials"` // of an impersonation
}

// runsProgram reports whether the subject token, here or in the base, is a program's output.
func (h *fileHead) runsProgram() bool {
	return h != nil && (h.Source.Executable != nil || h.Base.runsProgram())
}

// checkSubjectTokens trusts the files of subject tokens, here and in the base. The library reads
// them, and takes whatever there is.
func (h *fileHead) checkSubjectTokens() error {
	for ; h != nil; h = h.Base {
		if h.Source.File == "" {
			continue
		}
		if _, err := safefile.Read(h.Source.File); err != nil {
			return fmt.Errorf("read the subject token: %w", err)
		}
	}
	return nil
}

// fileToken gets an access token with a file of any of the types that gcloud writes.
func (p *Provider) fileToken(ctx context.Context, file *credentialsFile) (*oauth2.Token, error) {
	var head fileHead
	data := []byte(file.data.Reveal())
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read %s: it is not JSON", file.path)
	}
	switch head.Type {
	case google.ServiceAccount, google.AuthorizedUser, google.ExternalAccount,
		google.ExternalAccountAuthorizedUser, google.ImpersonatedServiceAccount:
	default:
		return nil, fmt.Errorf("read %s: its type is %q, not that of a key, federation or user file", file.path, head.Type)
	}
	if head.runsProgram() {
		// The library neither bounds it nor ends what it started.
		return nil, fmt.Errorf("read %s: a credential_source with an executable is not supported", file.path)
	}
	if err := head.checkSubjectTokens(); err != nil {
		return nil, err
	}
	client, retrier := p.client()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	credentials, err := google.CredentialsFromJSONWithType(ctx, data, head.Type, cloudPlatform)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file.path, err)
	}
	token, err := credentials.TokenSource.Token()
	if err != nil {
		err = provider.KeepLocal(fmt.Errorf("with %s: %w", file.path, retrier.explain(err)), retrier.failure)
		if hint := fileHint(head.Type, retrier.failure); hint != "" {
			err = provider.WithHint(err, hint)
		}
		return nil, err
	}
	return token, nil
}

// fileHint returns what to do about a refusal. The status shows who refused: a token endpoint answers 400 or
// 401, IAM 403.
func fileHint(kind google.CredentialsType, failure error) string {
	var status *statusError
	switch {
	case !errors.As(failure, &status) || status.transient():
		return ""
	case status.code == http.StatusForbidden:
		return "grant the file's identity roles/iam.workloadIdentityUser or roles/iam.serviceAccountTokenCreator on the service account that it impersonates"
	case kind == google.ServiceAccount:
		return "check that the key still exists (gcloud iam service-accounts keys list) and that the node's clock is right"
	case kind == google.ExternalAccount:
		return "check the workload identity pool's provider, its attribute condition and the subject token's audience"
	case kind == google.AuthorizedUser || kind == google.ExternalAccountAuthorizedUser:
		return "sign in again (gcloud auth application-default login)"
	}
	return ""
}
