package googlefake_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/pullpass/pullpass/integration/fakes/googlefake"
)

const (
	scope   = "https://www.googleapis.com/auth/cloud-platform"
	account = "puller@project.iam.gserviceaccount.com"
)

func start(t *testing.T) *googlefake.Server {
	t.Helper()
	server, err := googlefake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// fromFile gets a token with the credential file at path.
func fromFile(t *testing.T, kind google.CredentialsType, path string, scopes ...string) (*oauth2.Token, error) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	credentials, err := google.CredentialsFromJSONWithType(ctx, text, kind, scopes...)
	if err != nil {
		return nil, err
	}
	return credentials.TokenSource.Token()
}

func wantToken(t *testing.T, server *googlefake.Server, token *oauth2.Token, err error, principal string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	known, found := server.Token(token.AccessToken)
	if !found || known.Principal != principal || token.Expiry.Sub(known.Expires).Abs() > 5*time.Second {
		t.Errorf("got a token of %q that expires at %v, the library says %v; want one of %q",
			known.Principal, known.Expires, token.Expiry, principal)
	}
	if !server.Login("oauth2accesstoken", token.AccessToken) || server.Login("me", token.AccessToken) ||
		server.Login("oauth2accesstoken", "wrong") {
		t.Error("the registry's login is not oauth2accesstoken and the token alone")
	}
}

func TestMetadata(t *testing.T) {
	server := start(t)
	t.Setenv("GCE_METADATA_HOST", server.Address)
	token, err := google.ComputeTokenSource("", scope).Token()
	wantToken(t, server, token, err, googlefake.NodeAccount)

	server.Configure(func(c *googlefake.Config) { c.Lifetime = 20 * time.Minute })
	token, err = google.ComputeTokenSource("", scope).Token()
	wantToken(t, server, token, err, googlefake.NodeAccount)

	server.Configure(func(c *googlefake.Config) { c.NoServiceAccount = true })
	if _, err := google.ComputeTokenSource("", scope).Token(); err == nil {
		t.Error("got a token of an instance without a service account")
	}
	if calls := server.Calls(googlefake.MetadataToken); calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

func TestMetadataRefusals(t *testing.T) {
	server := start(t)
	for name, header := range map[string]http.Header{
		"no flavor":       {},
		"through a proxy": {"Metadata-Flavor": {"Google"}, "X-Forwarded-For": {"127.0.0.1"}},
	} {
		request, err := http.NewRequest(http.MethodGet, server.URL+"/computeMetadata/v1/instance/service-accounts/default/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden || response.Header.Get("Metadata-Flavor") != "Google" {
			t.Errorf("%s: got %s of flavor %q", name, response.Status, response.Header.Get("Metadata-Flavor"))
		}
	}
}

func TestKeyFile(t *testing.T) {
	server := start(t)
	path := filepath.Join(t.TempDir(), "key.json")
	if err := server.WriteKeyFile(path, account, ""); err != nil {
		t.Fatal(err)
	}
	token, err := fromFile(t, google.ServiceAccount, path, scope)
	wantToken(t, server, token, err, account)

	var refused *oauth2.RetrieveError
	if _, err := fromFile(t, google.ServiceAccount, path, "https://www.googleapis.com/auth/drive"); !errors.As(err, &refused) {
		t.Errorf("a scope without registries: got %v", err)
	}
	// A key of somebody else for the same account at the same endpoint.
	if err := start(t).WriteKeyFile(path, account, server.URL+"/token"); err != nil {
		t.Fatal(err)
	}
	if _, err := fromFile(t, google.ServiceAccount, path, scope); !errors.As(err, &refused) {
		t.Errorf("another's key: got %v", err)
	}
}

func TestExternalAccount(t *testing.T) {
	server := start(t)
	server.Configure(func(c *googlefake.Config) { c.Impersonated = []string{account} })
	dir := t.TempDir()
	subject, path := filepath.Join(dir, "subject"), filepath.Join(dir, "external.json")
	if err := server.WriteSubjectToken(subject); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		external  googlefake.External
		principal string
	}{
		"file":                   {googlefake.External{SubjectTokenFile: subject}, googlefake.FederatedPrincipal},
		"url":                    {googlefake.External{}, googlefake.FederatedPrincipal},
		"file and impersonation": {googlefake.External{SubjectTokenFile: subject, Impersonate: account}, account},
	} {
		t.Run(name, func(t *testing.T) {
			if err := server.WriteExternalAccount(path, test.external); err != nil {
				t.Fatal(err)
			}
			token, err := fromFile(t, google.ExternalAccount, path, scope)
			wantToken(t, server, token, err, test.principal)
		})
	}

	if err := server.WriteExternalAccount(path, googlefake.External{Impersonate: "other@project.iam.gserviceaccount.com"}); err != nil {
		t.Fatal(err)
	}
	if _, err := fromFile(t, google.ExternalAccount, path, scope); err == nil {
		t.Error("an account was impersonated that may not be")
	}
	if err := os.WriteFile(subject, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.WriteExternalAccount(path, googlefake.External{SubjectTokenFile: subject}); err != nil {
		t.Fatal(err)
	}
	if _, err := fromFile(t, google.ExternalAccount, path, scope); err == nil {
		t.Error("a wrong subject token was exchanged")
	}
}

func TestExpiredTokenDoesNotImpersonate(t *testing.T) {
	server := start(t)
	server.Configure(func(c *googlefake.Config) { c.Impersonated = []string{account}; c.Lifetime = -time.Minute })
	path := filepath.Join(t.TempDir(), "external.json")
	if err := server.WriteExternalAccount(path, googlefake.External{}); err != nil {
		t.Fatal(err)
	}
	token, err := fromFile(t, google.ExternalAccount, path, scope)
	if err == nil && server.Login("oauth2accesstoken", token.AccessToken) {
		t.Error("an expired token is taken")
	}
}
