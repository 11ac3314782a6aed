package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Push puts a tiny image into a repository such as acme/app, under a tag, and returns its
// digest.
func (s *Server) Push(ctx context.Context, repository, tag string) (digest string, err error) {
	image, err := random.Image(64, 1)
	if err != nil {
		return "", err
	}
	if err := s.PushImage(ctx, image, repository, tag); err != nil {
		return "", err
	}
	return digestOf(image)
}

// PushImage puts an image into a repository, under a tag.
func (s *Server) PushImage(ctx context.Context, image v1.Image, repository, tag string) error {
	reference, err := name.NewTag("registry.invalid/" + repository + ":" + tag)
	if err != nil {
		return err
	}
	token, err := s.issuer.sign("push", []string{repository}, "pull", "push")
	if err != nil {
		return err
	}
	err = remote.Write(reference, image, s.options(ctx, authn.AuthConfig{RegistryToken: token})...)
	if err != nil {
		return fmt.Errorf("push %s:%s: %w", repository, tag, err)
	}
	return nil
}

// Pull pulls an image whole, by its name at the real registry, from the fake one, and returns
// its digest. An empty user pulls anonymously. The error is the registry's refusal.
func (s *Server) Pull(ctx context.Context, image, user, password string) (digest string, err error) {
	reference, err := name.ParseReference(image)
	if err != nil {
		return "", err
	}
	pulled, err := remote.Image(reference, s.options(ctx, authn.AuthConfig{Username: user, Password: password})...)
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", image, err)
	}
	layers, err := pulled.Layers()
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", image, err)
	}
	for _, layer := range layers {
		if err := readLayer(layer); err != nil {
			return "", fmt.Errorf("pull %s: %w", image, err)
		}
	}
	return digestOf(pulled)
}

// readLayer reads a layer to its end, where its digest is checked.
func readLayer(layer v1.Layer) error {
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(io.Discard, content)
	return err
}

func digestOf(image v1.Image) (string, error) {
	digest, err := image.Digest()
	return digest.String(), err
}

func (s *Server) options(ctx context.Context, config authn.AuthConfig) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithAuth(authn.FromConfig(config)),
		remote.WithTransport(toServer{s}),
	}
}

// toServer sends the requests for any host to the server, as something that terminates TLS
// in front of it would.
type toServer struct{ server *Server }

// RoundTrip implements http.RoundTripper.
func (t toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.Host = r.URL.Host
	sent.URL.Scheme, sent.URL.Host = "http", t.server.Address
	sent.Header.Set("X-Forwarded-Proto", "https")
	response, err := t.server.transport.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	response.Request = r
	return response, nil
}
