package main

import (
	"errors"

	"github.com/pullpass/pullpass/provider"
)

// parseRegistry returns an image of a registry that a flag names, HOST or HOST/PATH.
func parseRegistry(name string) (provider.Image, error) {
	pattern, err := provider.ParsePattern(name)
	if err != nil {
		return provider.Image{}, err
	}
	image, ok := pattern.Image()
	if !ok {
		return provider.Image{}, errors.New("must be one registry, without wildcards")
	}
	return image, nil
}
