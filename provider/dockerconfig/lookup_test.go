package dockerconfig

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// fakeHelper has a credential for each "name server" in it, and for others none. It keeps
// what it was asked for.
type fakeHelper struct {
	stored map[string]string // password by "name server"
	asked  []string
}

func (f *fakeHelper) Get(_ context.Context, name, server string) (provider.Credential, error) {
	f.asked = append(f.asked, name+" "+server)
	switch password := f.stored[name+" "+server]; password {
	case "":
		return provider.Credential{}, provider.ErrNone
	case "broken":
		return provider.Credential{}, errors.New("the helper is broken")
	default:
		return newCredential("helped", password)
	}
}

func TestLookup(t *testing.T) {
	const (
		hub    = "https://index.docker.io/v1/"
		inline = `"username": "me", "password": "inline"`
	)
	tests := []struct {
		name           string
		file           string
		image          string // docker.io/acme/app if empty
		stored         map[string]string
		asked          []string
		password       string
		repositoryOnly bool
		err            string
	}{
		{name: "empty file", file: `{}`, err: noCredential},
		{name: "entry of another registry", file: `{"auths": {"reg.io": {` + inline + `}}}`, err: noCredential},
		{name: "entry", file: `{"auths": {"` + hub + `": {` + inline + `}}}`, password: "inline"},
		{name: "malformed entry of another registry", file: `{"auths": {"reg.io": 5, "docker.io": {` + inline + `}}}`, password: "inline"},
		{name: "malformed entry", file: `{"auths": {"docker.io": {"auth": "s3cret!"}}}`, err: `auths["docker.io"]: auth is not base64`},
		{name: "malformed entry before another", file: `{"auths": {"docker.io/acme": 5, "docker.io": {` + inline + `}}}`, err: `auths["docker.io/acme"]: not a JSON object`},
		{name: "malformed less specific entry", file: `{"auths": {"docker.io": {` + inline + `}, "*.io": 5}}`, password: "inline"},
		{name: "token only", file: `{"auths": {"docker.io": {"identitytoken": "t0ken"}}}`, err: `auths["docker.io"]: ` + tokenOnly},
		{name: "empty entry before another", file: `{"auths": {"docker.io": {}, "` + hub + `": {` + inline + `}}}`, password: "inline"},

		{name: "most specific entry", file: `{"auths": {"docker.io/acme/": {` + inline + `}, "docker.io": {"auth": "!"}}}`, password: "inline", repositoryOnly: true},
		{name: "entry beside one for a part", file: `{"auths": {"docker.io/acme/": {"auth": "!"}, "docker.io": {` + inline + `}}}`, image: "docker.io/library/nginx", password: "inline", repositoryOnly: true},
		{name: "entry beside one for a part of another registry", file: `{"auths": {"reg.io/acme/": {}, "docker.io": {` + inline + `}}}`, password: "inline"},

		{
			name:     "store",
			file:     `{"auths": {"` + hub + `": {}}, "credsStore": "pass"}`,
			stored:   map[string]string{"pass " + hub: "stored"},
			asked:    []string{"pass " + hub},
			password: "stored",
		},
		{
			name:     "store, another registry",
			file:     `{"credsStore": "pass"}`,
			image:    "Reg.io:5000/app",
			stored:   map[string]string{"pass reg.io:5000": "stored"},
			asked:    []string{"pass reg.io:5000"},
			password: "stored",
		},
		{
			name:           "store beside an entry for a part",
			file:           `{"auths": {"docker.io/acme/": {` + inline + `}}, "credsStore": "pass"}`,
			image:          "docker.io/library/nginx",
			stored:         map[string]string{"pass " + hub: "stored"},
			asked:          []string{"pass " + hub},
			password:       "stored",
			repositoryOnly: true,
		},
		{name: "store without it", file: `{"credsStore": "pass"}`, asked: []string{"pass " + hub}, err: noCredential},
		{name: "broken store", file: `{"credsStore": "pass"}`, stored: map[string]string{"pass " + hub: "broken"}, asked: []string{"pass " + hub}, err: "the helper is broken"},
		{name: "entry before store", file: `{"auths": {"docker.io": {` + inline + `}}, "credsStore": "pass"}`, password: "inline"},

		{
			name:     "own helper before entry",
			file:     `{"auths": {"docker.io": {` + inline + `}}, "credHelpers": {"docker.io": "gcloud"}, "credsStore": "pass"}`,
			stored:   map[string]string{"gcloud " + hub: "own"},
			asked:    []string{"gcloud " + hub},
			password: "own",
		},
		{
			name:     "own helper by the key of docker login",
			file:     `{"credHelpers": {"` + hub + `": "a", "index.docker.io": "b", "docker.io": "c"}}`,
			stored:   map[string]string{"a " + hub: "own"},
			asked:    []string{"a " + hub},
			password: "own",
		},
		{
			name:     "own helper by index.docker.io",
			file:     `{"credHelpers": {"index.docker.io": "b", "docker.io": "c", "*.io": "d"}}`,
			stored:   map[string]string{"b " + hub: "own"},
			asked:    []string{"b " + hub},
			password: "own",
		},
		{
			name:     "own helper, another registry",
			file:     `{"credHelpers": {"docker.io": "a", "reg.io": "b"}}`,
			image:    "reg.io/app",
			stored:   map[string]string{"b reg.io": "own"},
			asked:    []string{"b reg.io"},
			password: "own",
		},
		{
			name:     "own helper without it, entry",
			file:     `{"auths": {"docker.io": {` + inline + `}}, "credHelpers": {"docker.io": "gcloud"}}`,
			asked:    []string{"gcloud " + hub},
			password: "inline",
		},
		{name: "own helper without it, no store", file: `{"credHelpers": {"docker.io": "gcloud"}, "credsStore": "pass"}`, asked: []string{"gcloud " + hub}, err: noCredential},
		{
			name:   "broken own helper",
			file:   `{"auths": {"docker.io": {` + inline + `}}, "credHelpers": {"docker.io": "gcloud"}}`,
			stored: map[string]string{"gcloud " + hub: "broken"},
			asked:  []string{"gcloud " + hub},
			err:    "the helper is broken",
		},
		{name: "no helper for the host", file: `{"credHelpers": {"docker.io": ""}, "credsStore": "pass"}`, err: noCredential},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reference := test.image
			if reference == "" {
				reference = "docker.io/acme/app"
			}
			helper := &fakeHelper{stored: test.stored}
			credential, err := parse(t, test.file).Lookup(t.Context(), image(t, reference), helper)
			if text(err) != test.err || errors.Is(err, provider.ErrNone) != (test.err == noCredential) {
				t.Errorf("the error is %q, want %q", text(err), test.err)
			}
			if got := credential.Password.Reveal(); got != test.password {
				t.Errorf("the password is %q, want %q", got, test.password)
			}
			if credential.RepositoryOnly != test.repositoryOnly {
				t.Errorf("for the repository only: %t, want %t", credential.RepositoryOnly, test.repositoryOnly)
			}
			if !slices.Equal(helper.asked, test.asked) {
				t.Errorf("helpers were asked for %q, want %q", helper.asked, test.asked)
			}
		})
	}
}
