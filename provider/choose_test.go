package provider

import (
	"context"
	"strings"
	"testing"
)

// named claims everything that it is asked about.
type named string

func (p named) Scope(Request) (Scope, bool) { return Scope(p), true }

func (named) Fetch(context.Context, Request) (Credential, error) {
	return Credential{}, &NoCredentialError{}
}

func rule(t *testing.T, pattern string, hosts Hosts, p Provider, anonymousTry *bool) Rule {
	t.Helper()
	parsed, err := ParsePattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return Rule{Pattern: &parsed, Hosts: hosts, Provider: p, AnonymousTry: anonymousTry}
}

func TestChoose(t *testing.T) {
	yes, no := true, false
	hub := Hosts{{Pattern: "docker.io", Host: Host{Public: true}}}
	google := Hosts{{Pattern: "gcr.io"}, {Pattern: "{location}.gcr.io"}}
	ecr := Hosts{{Pattern: "public.ecr.aws", Host: Host{Public: true}}}
	rules := []Rule{
		rule(t, "docker.io/acme/", hub, named("acme"), nil),
		rule(t, "docker.io", hub, named("hub"), &no),
		rule(t, "us.gcr.io", google, named("us"), &yes),
		rule(t, "*.io", google, named("wide"), nil),
		rule(t, "ghcr.io", nil, named("without hosts"), nil),
		{Hosts: ecr, Provider: named("built-in ecr")},
		{Hosts: google, Provider: named("built-in gcr")},
		{Provider: named("built-in without hosts")},
	}
	for _, c := range []struct {
		image, scope   string
		repositoryOnly bool
		anonymousKey   string
	}{
		{"docker.io/acme/app", "acme", true, "*.io"},
		{"docker.io/other/app", "hub", true, ""},
		{"us.gcr.io/p/app", "us", false, "*.gcr.io"},
		{"gcr.io/p/app", "wide", false, ""},
		{"ghcr.io/p/app", "", false, ""},
		{"eu.gcr.io/p/app", "built-in gcr", false, ""},
		{"public.ecr.aws/app", "built-in ecr", false, "*.ecr.aws"},
		{"PUBLIC.ecr.aws:443/app", "built-in ecr", false, "*.ecr.aws:443"},
		{"evil.com/app", "", false, ""},
	} {
		image, err := ParseImage(c.image)
		if err != nil {
			t.Fatal(err)
		}
		choice, claimed := Choose(rules, Request{Image: image})
		if claimed != (c.scope != "") || string(choice.Scope) != c.scope || choice.RepositoryOnly != c.repositoryOnly || choice.AnonymousKey != c.anonymousKey {
			t.Errorf("%s: %q, %+v", c.image, choice.Scope, choice)
		}
	}
}

func TestNewScopeKeepsLinesApart(t *testing.T) {
	one := NewScope("role", "a\nprofile=b")
	two := NewScope("role", "a", "profile", "b")
	if one == two || strings.Count(string(one), "\n") != 1 {
		t.Errorf("%q", one)
	}
	if got := NewScope("a", "a\xff", "b", `"a\xff"`); got != "a=\"a\\xff\"\nb=\"a\\\\xff\"\n" {
		t.Errorf("%q", got)
	}
	if got := NewScope("a", "", "b", `\n`); got != "b=\\\\n\n" {
		t.Errorf("%q", got)
	}
}
