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

// defaultGoogleFile is where gcloud keeps Application Default Credentials; "" for nowhere.
func defaultGoogleFile(getenv func(string) string, home string) string {
	if folder := gcloudDir(getenv, home); folder != "" {
		return filepath.Join(folder, "application_default_credentials.json")
	}
	return ""
}

// defaultDockerConfigs are the Docker configurations to look into, in this order.
func defaultDockerConfigs(getenv func(string) string, home string) []string {
	var files []string
	// A relative one would be below wherever the kubelet was started.
	if folder := getenv("DOCKER_CONFIG"); filepath.IsAbs(folder) {
		files = append(files, filepath.Join(folder, "config.json"))
	}
	files = append(files, filepath.Join(configDir(getenv), "docker", "config.json"))
	if home != "" {
		files = append(files, filepath.Join(home, ".docker", "config.json"))
	}
	return files
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
