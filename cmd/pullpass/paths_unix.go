//go:build !windows

package main

import (
	"os"
	"path/filepath"
)

func configFolder(func(string) string) string { return "/etc/pullpass" }

func gcloudFolder(_ func(string) string, home string) string {
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".config", "gcloud")
}

func isRoot() bool { return os.Geteuid() == 0 }

func rootCacheDir(func(string) string) string { return "/run/pullpass" }

// userCacheFolder is one of those of https://specifications.freedesktop.org/basedir-spec/latest/,
// which says that relative ones do not count.
func userCacheFolder(getenv func(string) string, home string) string {
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_CACHE_HOME"} {
		if folder := getenv(name); filepath.IsAbs(folder) {
			return folder
		}
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".cache")
}
