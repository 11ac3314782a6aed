package broker

import (
	"path/filepath"

	"github.com/pullpass/pullpass/cmd/internal/env"
)

// The files that pullpass looks for where nothing names one.

// DefaultConfig is the path of pullpass's own config.
func DefaultConfig(getenv func(string) string) string {
	return filepath.Join(configDir(getenv), "config.yaml")
}

// DefaultCacheDir is the directory of the cache: for root one that a reboot empties, for other
// users one of their own; "" if there is none.
func DefaultCacheDir(e *env.Env) string {
	if e.Root {
		return rootCacheDir(e.Getenv)
	}
	if directory := userCacheDir(e.Getenv, e.Home); directory != "" {
		return filepath.Join(directory, "pullpass")
	}
	return ""
}
