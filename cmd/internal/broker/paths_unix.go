//go:build !windows

package broker

import (
	"path/filepath"
)

func configDir(func(string) string) string { return "/etc/pullpass" }

func rootCacheDir(func(string) string) string { return "/run/pullpass" }

// userCacheDir is one of the directories of https://specifications.freedesktop.org/basedir-spec/latest/,
// which ignores relative paths.
func userCacheDir(getenv func(string) string, home string) string {
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_CACHE_HOME"} {
		if directory := getenv(name); filepath.IsAbs(directory) {
			return directory
		}
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".cache")
}
