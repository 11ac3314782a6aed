package provider

import (
	"context"
	"strings"
	"testing"
)

// table claims what the table of hosts gives to one backend.
type table string

func (p table) Scope(r Request) (Scope, bool) {
	host, known := LookupHost(r.Image)
	return NewScope("provider", string(p)), known && host.Provider == string(p)
}

func (table) Fetch(context.Context, Request) (Credential, error) { return Credential{}, ErrNone }

func rule(t *testing.T, pattern string, p Provider, anonymousTry *bool) Rule {
	t.Helper()
	parsed, err := ParsePattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return Rule{Pattern: &parsed, Provider: p, AnonymousTry: anonymousTry}
}

// named is a provider with a scope of its own.
type named struct {
	table
	name string
}

func (p named) Scope(r Request) (Scope, bool) {
	_, claimed := p.table.Scope(r)
	return Scope(p.name), claimed
}

func TestChoose(t *testing.T) {
	yes, no := true, false
	rules := []Rule{
		rule(t, "docker.io/acme/", named{DockerHub, "acme"}, nil),
		rule(t, "docker.io", named{DockerHub, "hub"}, &no),
		rule(t, "us.gcr.io", named{Google, "us"}, &yes),
		rule(t, "*.io", named{Google, "wide"}, nil),
		{Provider: named{ECR, "built-in ecr"}},
		{Provider: named{Google, "built-in gcr"}},
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
