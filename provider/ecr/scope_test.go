package ecr

import (
	"maps"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

func scope(t *testing.T, p Provider, env map[string]string, image string) provider.Scope {
	t.Helper()
	p.Getenv = func(name string) string { return env[name] }
	p.hosts = hosts()
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

const base = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"

// TestScopeIsShared: what the token does not depend on.
func TestScopeIsShared(t *testing.T) {
	want := scope(t, Provider{}, nil, base)
	for _, image := range []string{
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com/other",
		"210987654321.dkr.ecr.eu-central-1.amazonaws.com/team/app",
		"210987654321.DKR.ecr.EU-central-1.amazonaws.com/team/app",
		"210987654321.dkr.ecr.eu-central-1.amazonaws.com:443/team/app",
	} {
		if got := scope(t, Provider{}, nil, image); got != want {
			t.Errorf("%s has the scope\n%s", image, got)
		}
	}
	if got := scope(t, Provider{}, map[string]string{"AWS_SECRET_ACCESS_KEY": "canary", "AWS_SESSION_TOKEN": "canary"}, base); got != want {
		t.Errorf("a secret is part of the scope")
	}
}

// TestScopeIsApart: each of what the token depends on, alone.
func TestScopeIsApart(t *testing.T) {
	seen := map[provider.Scope]string{}
	add := func(name string, s provider.Scope) {
		if other, twice := seen[s]; twice || s == "" {
			t.Errorf("%s and %s share the scope\n%s", name, other, s)
		}
		seen[s] = name
	}
	add("base", scope(t, Provider{}, nil, base))
	for _, image := range []string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app",
		"123456789012.dkr-ecr.us-east-1.on.aws/app",
		"123456789012.dkr-ecr-fips.us-east-1.on.aws/app",
		"public.ecr.aws/app",
	} {
		add(image, scope(t, Provider{}, nil, image))
	}
	for name, p := range map[string]Provider{
		"role":        {RoleARN: "arn:aws:iam::123456789012:role/a"},
		"other role":  {RoleARN: "arn:aws:iam::123456789012:role/b"},
		"external ID": {RoleARN: "arn:aws:iam::123456789012:role/a", ExternalID: "x"},
		"profile":     {Profile: "x"},
		"home":        {Home: "/root"},
		"endpoint":    {Endpoint: "https://x.example.com"},
		"injection":   {Profile: "x\nrole=arn:aws:iam::123456789012:role/a"},
	} {
		add(name, scope(t, p, nil, base))
	}
	for _, name := range append(identityVariables[:], secretVariables[:]...) {
		add(name, scope(t, Provider{}, map[string]string{name: "x"}, base))
	}
	for _, secret := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"} {
		pair := map[string]string{"AWS_ACCESS_KEY_ID": "x", secret: "canary"}
		if got := scope(t, Provider{}, pair, base); seen[got] != "" || strings.Contains(string(got), "canary") {
			t.Errorf("a pair of keys has the scope of %q\n%s", seen[got], got)
		}
	}
}

func TestScopeClaimsECRAlone(t *testing.T) {
	for _, image := range []string{"docker.io/library/nginx", "gcr.io/p/app", "ghcr.io/p/app", "1.dkr.ecr.us-east-1.amazonaws.com.evil.com/app"} {
		if s := scope(t, Provider{}, nil, image); s != "" {
			t.Errorf("%s is claimed", image)
		}
	}
}

// TestScopeShowsNoSecret: the scope is shown to people.
func TestScopeShowsNoSecret(t *testing.T) {
	env := map[string]string{
		"AWS_ENDPOINT_URL_ECR":                   "https://user:canary-1@ecr.example.com/?token=canary-2",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://127.0.0.1/v1/canary-3",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/canary-4",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":      "canary-5",
		"AWS_ENDPOINT_URL":                       "https://user:canary-6%zz@x/",
		"AWS_ENDPOINT_URL_STS":                   "user:canary-7@sts.example.com",
		"AWS_ENDPOINT_URL_ECR_PUBLIC":            "https://ecr.example.com/#canary-8",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT":      "http://user:4729/31@127.0.0.1/",
	}
	text := string(scope(t, Provider{}, env, base))
	if strings.Contains(text, "canary") || strings.Contains(text, "4729") || !strings.Contains(text, "AWS_ENDPOINT_URL_ECR=https://ecr.example.com sha256:") {
		t.Error(text)
	}
	for name := range env {
		changed := maps.Clone(env)
		changed[name] += "x"
		if string(scope(t, Provider{}, changed, base)) == text {
			t.Errorf("another %s has the same scope", name)
		}
	}
}
