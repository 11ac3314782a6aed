package broker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// granting gives a credential with an expiry.
type granting struct {
	expires time.Time
	err     error
}

func (granting) Scope(provider.Request) (provider.Scope, bool) { return "scope", true }

func (g granting) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	return provider.Credential{Username: "user", Password: provider.NewSecret("x"), Expires: g.expires}, g.err
}

// TestLongestLife: a credential lives no longer than its authority can grant.
func TestLongestLife(t *testing.T) {
	now := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	b := &Broker{Env: &env.Env{Now: func() time.Time { return now }}}
	far := time.Date(5138, 11, 16, 9, 46, 39, 0, time.UTC)
	for name, c := range map[string]struct{ most, life, want time.Duration }{
		"shorter":              {12 * time.Hour, time.Hour, time.Hour},
		"as long":              {12 * time.Hour, 12 * time.Hour, 12 * time.Hour},
		"longer":               {12 * time.Hour, 12*time.Hour + time.Second, 12 * time.Hour},
		"unknown":              {0, time.Hour, time.Hour},
		"unknown, and longer":  {0, 25 * time.Hour, 24 * time.Hour},
		"longer than Duration": {time.Hour, far.Sub(now), time.Hour},
		"expired":              {time.Hour, -time.Hour, -time.Hour},
	} {
		credential, err := b.ask(t.Context(), provider.Choice{Provider: granting{expires: now.Add(c.life)}, MaxTokenLife: c.most}, provider.Request{})
		if got := credential.Expires.Sub(now); err != nil || got != c.want || credential.Username != "user" {
			t.Errorf("%s: it lives %v, want %v; %v", name, got, c.want, err)
		}
	}
	for _, at := range []time.Time{far, time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<62, 0)} {
		credential, _ := b.ask(t.Context(), provider.Choice{Provider: granting{expires: at}, MaxTokenLife: time.Hour}, provider.Request{})
		if !credential.Expires.Equal(now.Add(time.Hour)) {
			t.Errorf("%v: it expires at %v", at, credential.Expires)
		}
	}
	if credential, _ := b.ask(t.Context(), provider.Choice{Provider: granting{}, MaxTokenLife: time.Hour}, provider.Request{}); !credential.Expires.IsZero() {
		t.Errorf("without an expiry it has %v", credential.Expires)
	}
	no := errors.New("no")
	if _, err := b.ask(t.Context(), provider.Choice{Provider: granting{err: no}}, provider.Request{}); !errors.Is(err, no) {
		t.Errorf("the error is %v", err)
	}
}

// TestMaxTokenLife: each backend that says how long its tokens usually live says how long at the most, and the
// rules have it.
func TestMaxTokenLife(t *testing.T) {
	b := &Broker{Env: &env.Env{Getenv: func(string) string { return "" }, Log: &env.Log{}}, Backends: backends.All()}
	for i, rule := range b.newRules() {
		backend := b.Backends[i]
		if backend.MaxTokenLife < backend.TokenLife || rule.MaxTokenLife != backend.MaxTokenLife {
			t.Errorf("tokens of %s live %v, at the most %v, by the rule %v", backend.Name, backend.TokenLife, backend.MaxTokenLife, rule.MaxTokenLife)
		}
		choice, ok := provider.Choose([]provider.Rule{{Hosts: rule.Hosts, Provider: granting{}, MaxTokenLife: time.Second}}, provider.Request{Image: imageOf(t, backend)})
		if !ok || choice.MaxTokenLife != time.Second {
			t.Errorf("the choice for %s has %v", backend.Name, choice.MaxTokenLife)
		}
	}
}

func imageOf(t *testing.T, backend provider.Backend) provider.Image {
	t.Helper()
	for _, reference := range []string{"public.ecr.aws/a/b", "gcr.io/a/b", "docker.io/a/b"} {
		image, err := provider.ParseImage(reference)
		if err != nil {
			t.Fatal(err)
		}
		if _, known := backend.Hosts.Lookup(image); known {
			return image
		}
	}
	t.Fatalf("no image of %s", backend.Name)
	return provider.Image{}
}
