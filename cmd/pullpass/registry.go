package main

import (
	"errors"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// parseRegistry returns an image of a registry that a flag names, HOST or HOST/PATH.
func parseRegistry(name string) (provider.Image, error) {
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

// withRegistryHint adds to err what the registry is called here that docker login and kubectl
// have another name for.
func withRegistryHint(name string, err error) error {
	_, location, isURL := strings.Cut(name, "://")
	if !isURL {
		location = name
	}
	host, path, _ := strings.Cut(location, "/")
	switch {
	case dockerconfig.MisnamesHub(host):
		return provider.WithHint(err, "Docker Hub is "+provider.DockerHubHost)
	case isURL:
		return provider.WithHint(err, "the registry is "+host)
	case strings.ContainsAny(path, ":@"):
		return provider.WithHint(err, "an image is named by --image")
	}
	return err
}
