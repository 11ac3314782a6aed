package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/fakes/script"
)

func start(t *testing.T) (*registry.Server, context.Context) {
	t.Helper()
	server, err := registry.Start(func(user, password string) bool { return user == "AWS" && password == "secret" })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return server, ctx
}

func push(t *testing.T, ctx context.Context, server *registry.Server, repository string) string {
	t.Helper()
	digest, err := server.Push(ctx, repository, "latest")
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestPull(t *testing.T) {
	server, ctx := start(t)
	server.MakePublic("library/busybox")
	private, public := push(t, ctx, server, "app"), push(t, ctx, server, "library/busybox")
	const (
		privateImage = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app"
		publicImage  = "docker.io/library/busybox:latest"
	)
	for name, test := range map[string]struct {
		image, user, password string
		digest                string // "" for a refusal
	}{
		"private, right password": {privateImage, "AWS", "secret", private},
		"private, wrong password": {privateImage, "AWS", "wrong", ""},
		"private, no password":    {privateImage, "", "", ""},
		"public, right password":  {publicImage, "AWS", "secret", public},
		"public, wrong password":  {publicImage, "AWS", "wrong", ""}, // as at Docker Hub
		"public, no password":     {publicImage, "", "", public},
	} {
		t.Run(name, func(t *testing.T) {
			digest, err := server.Pull(ctx, test.image, test.user, test.password)
			var refused *transport.Error
			if test.digest == "" && (!errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized) {
				t.Errorf("got %q, error %v, want a refusal", digest, err)
			}
			if test.digest != "" && (err != nil || digest != test.digest) {
				t.Errorf("got %q, error %v, want %q", digest, err, test.digest)
			}
		})
	}
}

// TestPullByPOST logs in as containerd does.
func TestPullByPOST(t *testing.T) {
	server, ctx := start(t)
	push(t, ctx, server, "app")
	for password, want := range map[string]int{"secret": http.StatusOK, "wrong": http.StatusUnauthorized} {
		response, err := http.PostForm(server.URL+"/auth/token", url.Values{
			"grant_type": {"password"}, "service": {"registry"}, "scope": {"repository:app:pull"}, "username": {"AWS"}, "password": {password},
		})
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Token string `json:"access_token"`
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		if response.Body.Close(); err != nil || response.StatusCode != want {
			t.Fatalf("password %s: %s, error %v", password, response.Status, err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v2/app/manifests/latest", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+answer.Token)
		response, err = http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode != want {
			t.Errorf("pull with the token for password %s: %s", password, response.Status)
		}
	}
}

func TestOrders(t *testing.T) {
	server, ctx := start(t)
	push(t, ctx, server, "app")
	logins := server.Calls(registry.Token)
	server.Next(registry.Token, script.Fail(http.StatusForbidden, ""))
	if _, err := server.Pull(ctx, "gcr.io/app", "AWS", "secret"); err == nil {
		t.Error("the registry did not fail as ordered")
	}
	if _, err := server.Pull(ctx, "gcr.io/app", "AWS", "secret"); err != nil {
		t.Error(err)
	}
	if calls := server.Calls(registry.Token) - logins; calls < 2 {
		t.Errorf("%d logins were counted", calls)
	}
}

func TestTwoRegistries(t *testing.T) {
	one, ctx := start(t)
	other, _ := start(t)
	push(t, ctx, one, "app")
	if _, err := other.Pull(ctx, "gcr.io/app", "AWS", "secret"); err == nil {
		t.Error("an image is in a registry that it was not pushed to")
	}
}
