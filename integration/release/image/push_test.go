package image_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/release/image"
)

func TestPush(t *testing.T) {
	server, err := registry.Start(func(user, password string) bool { return user == "acme" && password == "secret" })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AllowPush("acme")
	index := testIndex(t)
	reference := server.Address + "/acme/pullpass:1.0"

	t.Setenv("DOCKER_CONFIG", t.TempDir())
	if err := image.Push(t.Context(), index, reference); err == nil {
		t.Error("pushed without a login")
	}
	config := fmt.Sprintf(`{"auths": {%q: {"username": "acme", "password": "secret"}}}`, server.Address)
	if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := image.Push(t.Context(), index, reference); err != nil {
		t.Fatal(err)
	}

	server.MakePublic("acme/pullpass")
	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Index(tag, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := digest(t, pulled), digest(t, index); got != want {
		t.Errorf("pulled %s, not %s", got, want)
	}
	if err := validate.Index(pulled); err != nil { // reads all layers
		t.Error(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		one, err := remote.Image(tag, remote.WithContext(t.Context()), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))
		if err != nil {
			t.Fatal(err)
		}
		if file, err := one.ConfigFile(); err != nil || file.Architecture != architecture {
			t.Errorf("pulled for %s: %v, %v", architecture, file, err)
		}
	}
}
