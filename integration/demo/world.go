package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
	"github.com/pullpass/pullpass/integration/fakes/googlefake"
	"github.com/pullpass/pullpass/integration/fakes/registry"
)

// hubToken stands for a Docker Hub access token.
const hubToken = "dckr_pat_demo-token"

// A world is what surrounds a node: two clouds that know it, a Docker Hub login on its disk,
// and a registry that takes the credentials of all three.
type world struct {
	aws      *awsfake.Server
	registry *registry.Server
	env      []string // of the node's plugin
	staleEnv []string // the same, with a Docker Hub token that was revoked
	closers  []func()
}

func newWorld(ctx context.Context) (*world, error) {
	w := &world{}
	err := w.open(ctx)
	if err != nil {
		w.close()
	}
	return w, err
}

func (w *world) open(ctx context.Context) error {
	aws, err := awsfake.Start()
	if err != nil {
		return err
	}
	w.closeLater(aws)
	w.aws = aws
	google, err := googlefake.Start()
	if err != nil {
		return err
	}
	w.closeLater(google)
	w.registry, err = registry.Start(func(user, password string) bool {
		return aws.Login(user, password) || google.Login(user, password) || user == "demo" && password == hubToken
	})
	if err != nil {
		return err
	}
	w.closeLater(w.registry)
	clouds := slices.Concat(aws.MetadataEnv(), aws.EndpointEnv(), google.MetadataEnv())
	for token, env := range map[string]*[]string{hubToken: &w.env, "dckr_pat_revoked": &w.staleEnv} {
		home, err := dockerLogin(token)
		if err != nil {
			return err
		}
		w.closers = append(w.closers, func() { os.RemoveAll(home) })
		*env = append([]string{"HOME=" + home, "PULLPASS_CACHE_DIR=" + filepath.Join(home, "cache")}, clouds...)
	}
	w.registry.MakePublic(strings.TrimPrefix(publicImage, "docker.io/"))
	for _, image := range []string{ecrImage, googleImage, hubImage, publicImage} {
		_, repository, _ := strings.Cut(image, "/")
		if _, err := w.registry.Push(ctx, repository, "1"); err != nil {
			return err
		}
	}
	return nil
}

// dockerLogin makes a home with the config.json that docker login writes.
func dockerLogin(token string) (home string, err error) {
	home, err = os.MkdirTemp("", "pullpass-demo-")
	if err != nil {
		return "", err
	}
	directory := filepath.Join(home, ".docker")
	if err := os.Mkdir(directory, 0o700); err != nil {
		return home, err
	}
	config := `{"auths": {"https://index.docker.io/v1/": {"username": "demo", "password": "` + token + `"}}}`
	return home, os.WriteFile(filepath.Join(directory, "config.json"), []byte(config), 0o600)
}

func (w *world) closeLater(c io.Closer) {
	w.closers = append(w.closers, func() { c.Close() })
}

func (w *world) close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
}
