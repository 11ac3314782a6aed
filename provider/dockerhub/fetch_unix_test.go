//go:build unix

package dockerhub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func TestFetch(t *testing.T) {
	const (
		forAll  = `{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6YWxs"}}}` // me:all
		forAcme = `{"auths": {"docker.io/acme/": {"auth": "bWU6YWNtZQ=="}}}`         // me:acme
		store   = `{"credsStore": "pass"}`
		none    = "none is configured: no login for Docker Hub in "
	)
	tests := []struct {
		name           string
		files          map[string]string
		provider       Provider // paths are those of files
		image          string   // docker.io/acme/app if empty
		helper         string   // the helper's answer: a password, or an error if it begins with !
		username       string
		password       string
		repositoryOnly bool
		err            string // $ stands for the directory of the files
		hint           string
	}{
		{
			name:     "password file",
			files:    map[string]string{"token": "dckr_pat_s3cret\n"},
			provider: Provider{Username: "me", PasswordFile: "token"},
			username: "me", password: "dckr_pat_s3cret",
		},
		{
			name:     "password file of Windows",
			files:    map[string]string{"token": "dckr_pat_s3cret\r\n"},
			provider: Provider{Username: "me", PasswordFile: "token"},
			username: "me", password: "dckr_pat_s3cret",
		},
		{
			name:     "password file before configs",
			files:    map[string]string{"token": "s3cret", "a": forAll},
			provider: Provider{Username: "me", PasswordFile: "token", DockerConfig: "a", DefaultConfigs: []string{"a"}},
			username: "me", password: "s3cret",
		},
		{
			name:     "no password file",
			provider: Provider{Username: "me", PasswordFile: "token"},
			err:      "open $/token: no such file or directory",
		},
		{
			name:     "empty password file",
			files:    map[string]string{"token": "\n"},
			provider: Provider{Username: "me", PasswordFile: "token"},
			err:      "use the password in $/token: it is empty",
		},
		{
			name:     "password file in UTF-16",
			files:    map[string]string{"token": "\xff\xfes\x003\x00"},
			provider: Provider{Username: "me", PasswordFile: "token"},
			err:      "use the password in $/token: the username or the password is not valid UTF-8",
		},
		{
			name:     "username with a line end",
			files:    map[string]string{"token": "s3cret"},
			provider: Provider{Username: "me\n", PasswordFile: "token"},
			err:      "use the password in $/token: the username contains control characters",
		},
		{
			name:     "username without password file",
			provider: Provider{Username: "me"},
			err:      "username and passwordFile go together, and one of them is not set",
		},
		{
			name:     "password file without username",
			files:    map[string]string{"token": "s3cret"},
			provider: Provider{PasswordFile: "token"},
			err:      "username and passwordFile go together, and one of them is not set",
		},

		{
			name:     "config",
			files:    map[string]string{"a": forAll},
			provider: Provider{DockerConfig: "a"},
			username: "me", password: "all",
		},
		{
			name:     "config, port 443",
			files:    map[string]string{"a": forAll},
			provider: Provider{DockerConfig: "a"},
			image:    "Docker.io:443/acme/app",
			username: "me", password: "all",
		},
		{
			name:     "config for some repositories",
			files:    map[string]string{"a": forAcme},
			provider: Provider{DockerConfig: "a"},
			username: "me", password: "acme", repositoryOnly: true,
		},
		{
			name:     "two lines in the password file",
			files:    map[string]string{"p": "s3cret\nmore\n"},
			provider: Provider{Username: "me", PasswordFile: "p"},
			err:      "use the password in $/p: it has more than one line",
		},
		{
			name:           "config for other repositories",
			files:          map[string]string{"a": forAcme, "b": forAll},
			provider:       Provider{DockerConfig: "a", DefaultConfigs: []string{"b"}},
			image:          "nginx",
			repositoryOnly: true, // others have one
			err:            none + "$/a",
		},
		{
			name:     "config with a helper",
			files:    map[string]string{"a": store},
			provider: Provider{DockerConfig: "a"},
			helper:   "helped",
			username: "pass for https//index.docker.io/v1/", password: "helped",
		},
		{
			name:     "no config",
			provider: Provider{DockerConfig: "a"},
			err:      "open $/a: no such file or directory",
		},
		{
			name:     "malformed config",
			files:    map[string]string{"a": `{"auths": s3cret`},
			provider: Provider{DockerConfig: "a"},
			err:      "read $/a: not valid JSON at byte 11",
		},
		{
			name:     "malformed entry",
			files:    map[string]string{"a": `{"auths": {"docker.io": {"auth": "me:s3cret"}}}`},
			provider: Provider{DockerConfig: "a"},
			err:      `look up docker.io/acme/app in $/a: auths["docker.io"]: auth is not base64`,
			hint:     "auth is the base64 of username:password; or give username and password instead",
		},

		{name: "no default configs", err: none},
		{
			name:     "no default config exists",
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			err:      none + "$/a, $/b",
		},
		{
			name:     "second default config",
			files:    map[string]string{"b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			username: "me", password: "all",
		},
		{
			name:     "default config below a file",
			files:    map[string]string{"a": "", "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a/.docker/config.json", "b"}},
			username: "me", password: "all",
		},
		{
			name:     "default configs in turn",
			files:    map[string]string{"a": forAcme, "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			username: "me", password: "acme", repositoryOnly: true,
		},
		{
			name:     "second default config, the first for other repositories",
			files:    map[string]string{"a": forAcme, "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			image:    "nginx",
			username: "me", password: "all", repositoryOnly: true,
		},
		{
			name:     "second default config for some repositories",
			files:    map[string]string{"a": forAll, "b": forAcme},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			username: "me", password: "all",
		},
		{
			name:     "malformed default config",
			files:    map[string]string{"a": "[]", "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			err:      "read $/a: not a JSON object",
		},
		{
			name:     "malformed default config that is not reached",
			files:    map[string]string{"a": forAll, "b": "[]"},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			username: "me", password: "all",
		},
		{
			name:     "default config is a directory",
			files:    map[string]string{"a/x": "", "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			err:      "read $/a: not a regular file",
		},
		{
			name:     "broken helper",
			files:    map[string]string{"a": store, "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			helper:   "!it is broken",
			err:      "look up docker.io/acme/app in $/a: it is broken",
		},
		{
			name:     "helper without it",
			files:    map[string]string{"a": store, "b": forAll},
			provider: Provider{DefaultConfigs: []string{"a", "b"}},
			username: "me", password: "all",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files {
				write(t, filepath.Join(dir, name), content, 0o600)
			}
			p := in(dir, test.provider)
			p.Helper = fakeHelper(test.helper)
			p.Warn, p.Hide = func(line string) { t.Errorf("a warning: %s", line) }, func(...string) {}
			reference := test.image
			if reference == "" {
				reference = "docker.io/acme/app"
			}
			credential, err := p.Fetch(t.Context(), request(t, reference))

			var got string
			if err != nil {
				got = strings.ReplaceAll(err.Error(), dir, "$")
			}
			if got != test.err || errors.Is(err, provider.ErrNone) != strings.HasPrefix(test.err, none) {
				t.Errorf("the error is %q, want %q", got, test.err)
			}
			if hint := provider.Hint(err); hint != test.hint {
				t.Errorf("the hint is %q, want %q", hint, test.hint)
			}
			if credential.Username != test.username || credential.Password.Reveal() != test.password {
				t.Errorf("the credential is %q %q, want %q %q", credential.Username, credential.Password.Reveal(), test.username, test.password)
			}
			repositoryOnly := credential.RepositoryOnly
			if none, ok := errors.AsType[*provider.NoCredentialError](err); ok {
				repositoryOnly = none.RepositoryOnly
			}
			if repositoryOnly != test.repositoryOnly || !credential.Expires.IsZero() {
				t.Errorf("the credential is %+v, the error %#v, want it for the repository only: %t", credential, err, test.repositoryOnly)
			}
			if err != nil && credential != (provider.Credential{}) {
				t.Errorf("the credential is %+v beside an error", credential)
			}
		})
	}
}

func TestFetchRefusesLineBreak(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, `{"auths": {"docker.io": {"username": "me", "password": "s3cret\n"}}}`, 0o600)
	p := Provider{DockerConfig: path, Hide: func(...string) {}}
	_, err := p.Fetch(t.Context(), request(t, "docker.io/acme/app"))
	want := "use the login for docker.io/acme/app in " + path + ": the password ends with a line break, which the registry takes for a part of it"
	if err == nil || err.Error() != want || provider.Hint(err) == "" {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func TestFetchWarns(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "token"), "s3cret", 0o604)
	write(t, filepath.Join(dir, "config"), "{}", 0o604)
	for _, p := range []Provider{
		{Username: "me", PasswordFile: "token"},
		{DockerConfig: "config"},
		{DefaultConfigs: []string{"config"}},
	} {
		var warnings []string
		p = in(dir, p)
		p.Warn, p.Hide = func(line string) { warnings = append(warnings, line) }, func(...string) {}
		p.Fetch(t.Context(), request(t, "nginx"))
		if len(warnings) != 1 {
			t.Errorf("%+v warns %q of its file, which others can read", p, warnings)
		}
	}
}

// fakeHelper answers with itself as the password and with what it was asked for as the
// username.
type fakeHelper string

func (f fakeHelper) Get(_ context.Context, name, server string) (provider.Credential, error) {
	if text, broken := strings.CutPrefix(string(f), "!"); broken {
		return provider.Credential{}, errors.New(text)
	}
	if f == "" {
		return provider.Credential{}, provider.ErrNone
	}
	return provider.Credential{Username: name + " for " + strings.ReplaceAll(server, ":", ""), Password: provider.NewSecret(string(f))}, nil
}

// in returns p with its paths below dir.
func in(dir string, p Provider) Provider {
	for _, path := range []*string{&p.PasswordFile, &p.DockerConfig} {
		if *path != "" {
			*path = filepath.Join(dir, *path)
		}
	}
	p.DefaultConfigs = slices.Clone(p.DefaultConfigs)
	for i, path := range p.DefaultConfigs {
		p.DefaultConfigs[i] = filepath.Join(dir, path)
	}
	return p
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}
