package broker

import (
	"path/filepath"

	"github.com/pullpass/pullpass/cmd/internal/env"
)

// The environment variables that name pullpass's own files, where no flag does.
const (
	ConfigVariable   = "PULLPASS_CONFIG"
	CacheDirVariable = "PULLPASS_CACHE_DIR"
)

// DefaultConfig returns the path of pullpass's own config if nothing names another one.
func DefaultConfig(getenv func(string) string) string {
	return filepath.Join(configDir(getenv), "config.yaml")
}

// DefaultCacheDir returns the directory of the cache if nothing names another one: for root one that a
// reboot empties, for other users one of their own; "" if there is none.
func DefaultCacheDir(e *env.Env) string {
	if e.Root {
		return rootCacheDir(e.Getenv)
	}
	if directory := userCacheDir(e.Getenv, e.Home); directory != "" {
		return filepath.Join(directory, "pullpass")
	}
	return ""
}
