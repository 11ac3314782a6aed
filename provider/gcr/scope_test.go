package gcr

import (
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func scope(t *testing.T, p Provider, env map[string]string, image string) provider.Scope {
	t.Helper()
	p.Getenv = func(name string) string { return env[name] }
	parsed, err := provider.ParseImage(image)
	if err != nil {
		t.Fatal(err)
	}
	scope, claimed := p.Scope(provider.Request{Image: parsed})
	if claimed != (scope != "") {
		t.Fatalf("claimed: %v, scope %q", claimed, scope)
	}
	return scope
}

// TestScope: one for all of Google's hosts, another for each identity.
func TestScope(t *testing.T) {
	want := scope(t, Provider{}, nil, "gcr.io/project/app")
	for _, image := range []string{"eu.gcr.io/p/app", "GCR.io/p/app", "us-docker.pkg.dev/p/r/app", "gcr.io:443/p/app"} {
		if got := scope(t, Provider{}, nil, image); got != want {
			t.Errorf("%s has the scope\n%s", image, got)
		}
	}
	seen := map[provider.Scope]bool{want: true}
	for name, c := range map[string]struct {
		p   Provider
		env map[string]string
	}{
		"file of the rule":          {p: Provider{CredentialsFile: "/a"}},
		"other file":                {p: Provider{CredentialsFile: "/b"}},
		"impersonation":             {p: Provider{Impersonate: "x@p.iam.gserviceaccount.com"}},
		"file and impersonation":    {p: Provider{CredentialsFile: "/a", Impersonate: "x@p.iam.gserviceaccount.com"}},
		"gcloud's file":             {p: Provider{DefaultFile: "/a"}},
		"file of the environment":   {env: map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/a"}},
		"other metadata server":     {env: map[string]string{"GCE_METADATA_HOST": "127.0.0.1"}},
		"an AWS identity":           {env: map[string]string{"AWS_ACCESS_KEY_ID": "x"}},
		"a whole AWS identity":      {env: map[string]string{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "canary"}},
		"an impersonation injected": {p: Provider{CredentialsFile: "/a\nimpersonate=x@p.iam.gserviceaccount.com"}},
	} {
		got := scope(t, c.p, c.env, "gcr.io/project/app")
		if seen[got] || got == "" {
			t.Errorf("%s has the scope\n%s", name, got)
		}
		seen[got] = true
	}
	for _, image := range []string{"docker.io/library/nginx", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app", "gcr.io.evil.com/app"} {
		if s := scope(t, Provider{}, nil, image); s != "" {
			t.Errorf("%s is claimed", image)
		}
	}
}
