package getcmd

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// A cloud gives tokens until it is down.
type cloud struct {
	token string
	life  time.Duration // zero for a login
	down  bool
	calls int
}

func (c *cloud) Scope(provider.Request) (provider.Scope, bool) {
	return provider.NewScope("provider", "toy", "region", "here"), true
}

func (c *cloud) Fetch(context.Context, provider.Request) (provider.Credential, error) {
	c.calls++
	time.Sleep(250 * time.Millisecond)
	if c.down {
		return provider.Credential{}, errors.New("the cloud is down")
	}
	credential := provider.Credential{Username: "user", Password: provider.NewSecret(c.token)}
	if c.life > 0 {
		credential.Expires = time.Now().Add(c.life)
	}
	return credential, nil
}

// TestSource: who answers is told from what happened, not from whether the cloud was asked.
func TestSource(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{token: "one", life: 12 * time.Hour}
		ask := func(want ...string) {
			t.Helper()
			b := &broker.Broker{
				Env: &env.Env{
					Getenv: func(string) string { return "" }, Now: time.Now, Log: &env.Log{Out: &strings.Builder{}},
					CatchSignals: func() {}, HideStdio: func() {}, Hostname: "node",
				},
				Backends: provider.Backends{{
					Name: "toy", Title: "Toy", Hosts: provider.Hosts{{Pattern: "registry.example.com"}},
					New: func(provider.Settings, provider.Node) provider.Provider { return c },
				}},
				CacheDir: filepath.Join(directory, "cache"),
			}
			found, err := get(t.Context(), b, provider.Image{Host: "registry.example.com", Repository: "app"})
			if err != nil {
				t.Fatal(err)
			}
			text := found.text(time.Now())
			for _, line := range append(want, "provider: toy, by the built-in rule", "registry: registry.example.com", "user:     user", "          region=here", "secret:   hidden; --show-secret prints it") {
				if !strings.Contains(text, line+"\n") {
					t.Errorf("no line %q in\n%s", line, text)
				}
			}
			if strings.Contains(text, c.token) {
				t.Errorf("the secret is in\n%s", text)
			}
		}
		ask("from:     the cloud's API, in 250ms")
		time.Sleep(3 * time.Hour)
		ask("from:     the cache, fetched 3h ago")
		time.Sleep(7 * time.Hour)
		c.down = true
		ask("from:     the cache, fetched 10h ago")
		time.Sleep(time.Hour)
		c.down, c.token, c.life = false, "two", 0
		ask("from:     a login file or credential helper", "expires:  no expiry is known")
		ask("from:     the cache, fetched 0s ago")
		if c.calls != 3 {
			t.Errorf("%d calls", c.calls)
		}
	})
}

func TestParseImage(t *testing.T) {
	for reference, want := range map[string]string{
		"nginx":                         "docker.io/library/nginx",
		"nginx:1.27":                    "docker.io/library/nginx",
		"ghcr.io/acme/app@sha256:12":    "ghcr.io/acme/app",
		"registry.example.com":          "",
		"registry.example.com:5000":     "",
		"registry.example.com/app:1.27": "registry.example.com/app",
		"":                              "",
	} {
		image, err := parseImage(reference)
		if got := image.String(); (err != nil) != (want == "") || err == nil && got != want {
			t.Errorf("%q is %s, %v, want %q", reference, got, err, want)
		}
	}
}
