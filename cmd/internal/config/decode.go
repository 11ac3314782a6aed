package config

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// decode returns the documents of data, of which there must be one.
func decode(name string, data []byte) ([]*yaml.Node, error) {
	documents, err := strictyaml.Decode(name, data)
	if err == nil && len(documents) == 0 {
		err = fmt.Errorf("%s:1: the file is empty; it must say apiVersion: %s and kind: %s", name, apiVersion, kind)
	}
	return documents, err
}
