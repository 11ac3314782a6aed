package config

import (
	"errors"
	"path/filepath"

	"github.com/pullpass/pullpass/provider"
)

// checkTextfile refuses names that node_exporter's textfile collector does not read.
func checkTextfile(path string) error {
	if filepath.Ext(path) != ".prom" {
		return errors.New("must end in .prom, or node_exporter does not read it")
	}
	return provider.CheckPath(path)
}
