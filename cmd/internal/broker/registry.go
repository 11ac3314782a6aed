package broker

import (
	"errors"
	"strings"

	"github.com/pullpass/pullpass/provider"
)

// ParseRegistry returns an image of the registry that a flag names, HOST or HOST/PATH. The error
// says what is wrong with the name, with a hint if it is another tool's name for the registry.
func ParseRegistry(name string) (provider.Image, error) {
	pattern, err := provider.ParsePattern(name)
	if err != nil {
		return provider.Image{}, withRegistryHint(name, err)
	}
	image, ok := pattern.Image()
	if !ok {
		return provider.Image{}, errors.New("must be one registry, without wildcards")
	}
	return image, nil
}

// withRegistryHint adds a hint to err if name is what docker login or kubectl call a registry: the hint is
// its name for pullpass.
func withRegistryHint(name string, err error) error {
	_, location, isURL := strings.Cut(name, "://")
	if !isURL {
		location = name
	}
	host, path, _ := strings.Cut(location, "/")
	switch {
	case provider.MisnamesHub(host):
		return provider.WithHint(err, "Docker Hub is "+provider.DockerHubHost)
	case isURL:
		return provider.WithHint(err, "the registry is "+host)
	case strings.ContainsAny(path, ":@"):
		return provider.WithHint(err, "an image is named by --image")
	}
	return err
}
