package broker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// refuser is a provider that is refused, with all that it knows in the error and the hint.
type refuser struct{ secret string }

func (refuser) Scope(provider.Request) (provider.Scope, bool) {
	return provider.NewScope("provider", "refuser"), true
}

func (r refuser) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	return provider.Credential{}, provider.WithHint(&provider.NoCredentialError{Reason: "refused " + r.secret}, "do not send "+r.secret)
}

// TestFailuresAreScrubbed: neither the caller nor the cache sees a secret of an error, and the error stays of
// its kind.
func TestFailuresAreScrubbed(t *testing.T) {
	b := &Broker{Env: &env.Env{
		Now: time.Now, Log: &env.Log{Out: &strings.Builder{}},
		CatchSignals: func() {}, HideStdio: func() {},
	}}
	b.Log.Scrubber.Hide("s3cret-of-the-node")
	directory := filepath.Join(t.TempDir(), "cache")
	b.Cache = &cache.Cache{Dir: directory, Now: time.Now, Warn: func(text string) { t.Error(text) }, Debug: func(string) {}, Hide: b.hide}
	choice := provider.Choice{Provider: refuser{"s3cret-of-the-node"}, Scope: "provider=refuser\n"}
	for _, from := range []string{"the provider", "the cache"} {
		_, err := b.Credential(t.Context(), choice, provider.Request{})
		none, ok := errors.AsType[*provider.NoCredentialError](err)
		if !ok || !strings.Contains(none.Reason, "refused REDACTED") || !strings.HasPrefix(err.Error(), "none is configured: refused REDACTED") || provider.Hint(err) != "do not send REDACTED" {
			t.Errorf("from %s: %v, %+v, hint %q", from, err, none, provider.Hint(err))
		}
	}
	entries, err := filepath.Glob(filepath.Join(directory, "*.json"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%q, %v", entries, err)
	}
	if data, err := os.ReadFile(entries[0]); err != nil || strings.Contains(string(data), "s3cret") || !strings.Contains(string(data), "refused REDACTED") {
		t.Errorf("%s, %v", data, err)
	}
}

func TestEnvironmentSecrets(t *testing.T) {
	for variable, want := range map[string]string{
		"PATH=/usr/bin":                                                         "",
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE":                                "",
		"AWS_SECRET_ACCESS_KEY=s3cret":                                          "s3cret",
		"aws_session_token=s3cret":                                              "s3cret",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN=token":                               "token",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token-file-1234":                "",
		"AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/token":                    "",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/0f3c-9a":        "",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/0f3c-9a7b-11":   "0f3c-9a7b-11",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.2/get?id=s3cret": "s3cret",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://me:s3cret@[::1":               "s3cret",
		"GCE_METADATA_HOST=me:s3cret@metadata":                                  "s3cret",
		"GCE_METADATA_HOST=metadata.google.internal":                            "",
		"HTTPS_PROXY=http://me:s3cret@proxy.example.com:3128":                   "s3cret",
		"SOMETHING=https://me:s3cret@example.com/":                              "s3cret",
		"GITHUB_TOKEN=ghp_0123456789":                                           "ghp_0123456789",
		"USE_TOKEN=true":                                                        "",
		"TOKEN_DIR=secret-tokens":                                               "",
		"SECRET_NAME=registry-pull":                                             "",
		"TOKEN_ROLE_ARN=arn:aws:iam::123456789012:role/pull":                    "",
		"TOKEN_ISSUER_SERVICE_HOST=10.96.12.34":                                 "",
		"SECRETS_REGION=eu-central-1":                                           "",
		"VAULT_SECRET_ID=0f3c9a7b":                                              "0f3c9a7b",
		"SSH_PASSPHRASE=correct horse":                                          "correct horse",
		"OPENAI_API_KEY=sk-0123456789":                                          "sk-0123456789",
		"TLS_PRIVATE_KEY=/etc/tls/key.pem":                                      "",
	} {
		b := &Broker{Env: &env.Env{Environ: []string{variable}}, Backends: backends.All()}
		got := slices.Compact(slices.DeleteFunc(b.environmentSecrets(), func(s string) bool { return s == "" }))
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, not %q", variable, got, want)
		}
	}
}
