// Package gcr gets credentials for Google's registries, Artifact Registry and what is left of
// Container Registry, from Google.
package gcr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/pullpass/pullpass/provider"
)

// A Provider serves Google's registries. Its identity comes from a credentials file, or from
// the metadata server of GCE and GKE where no file is named.
type Provider struct {
	CredentialsFile string // key, federation or user file; "" for Application Default Credentials
	Impersonate     string // e-mail of a service account to become with that identity; "" for none

	Getenv      func(string) string                   // the environment
	DefaultFile string                                // where gcloud keeps Application Default Credentials; "" for nowhere
	Now         func() time.Time                      // the clock
	Proxy       func(*http.Request) (*url.URL, error) // the proxy for a request, nil for none
	Warn        func(string)                          // takes a line on a file that others can read
	Hide        func(...string)                       // takes secrets, see provider.Node
}

// username is what Google's registries expect beside an access token.
const username = "oauth2accesstoken"

// Scope implements provider.Provider. One token is good for all of Google's registries, so
// that the host is no part of it.
func (p *Provider) Scope(request provider.Request) (provider.Scope, bool) {
	if _, known := provider.Hosts(hosts[:]).Lookup(request.Image); !known {
		return "", false
	}
	pairs := []string{
		"provider", Name,
		"impersonate", p.Impersonate,
		// A federation file for AWS takes the subject's keys from here.
		"AWS_ACCESS_KEY_ID", p.Getenv("AWS_ACCESS_KEY_ID"),
		"AWS_SECRET_ACCESS_KEY", setOrNot(p.Getenv("AWS_SECRET_ACCESS_KEY")),
	}
	if p.CredentialsFile != "" {
		return provider.NewScope(append(pairs, "file", p.CredentialsFile)...), true
	}
	return provider.NewScope(append(pairs,
		"GOOGLE_APPLICATION_CREDENTIALS", p.Getenv("GOOGLE_APPLICATION_CREDENTIALS"),
		"default-file", p.DefaultFile,
		"metadata-host", p.shownMetadataHost())...), true
}

// setOrNot stands for a secret in the scope, which people get to see.
func setOrNot(secret string) string {
	if secret == "" {
		return ""
	}
	return "set"
}

// Fetch implements provider.Provider.
func (p *Provider) Fetch(ctx context.Context, _ provider.Request) (provider.Credential, error) {
	token, err := p.token(ctx)
	if err != nil {
		return provider.Credential{}, fmt.Errorf("get a Google access token: %w", err)
	}
	switch {
	case token.AccessToken == "":
		return provider.Credential{}, errors.New("get a Google access token: the answer holds no token")
	case token.Expiry.IsZero():
		return provider.Credential{}, errors.New("get a Google access token: the answer does not say when its token expires")
	case !token.Expiry.After(p.Now()):
		return provider.Credential{}, errors.New("get a Google access token: the answer's token has expired already; is the node's clock right?")
	}
	return provider.Credential{Username: username, Password: provider.NewSecret(token.AccessToken), Expires: token.Expiry}, nil
}

// token gets the access token of the identity, and with it that of the account to impersonate.
func (p *Provider) token(ctx context.Context) (*oauth2.Token, error) {
	file, err := p.credentials()
	if err != nil {
		return nil, err
	}
	var token *oauth2.Token
	if file == nil {
		token, err = p.metadataToken(ctx)
	} else {
		token, err = p.fileToken(ctx, file)
	}
	if err != nil || p.Impersonate == "" || token.AccessToken == "" {
		return token, err
	}
	p.Hide(token.AccessToken)
	return p.impersonate(ctx, token)
}
