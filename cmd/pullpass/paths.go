package main

import "path/filepath"

// The files that pullpass looks for where nothing names one.

// defaultConfig is pullpass's own configuration.
func defaultConfig(getenv func(string) string) string {
	return filepath.Join(configFolder(getenv), "config.yaml")
}

// defaultGoogleFile is where gcloud keeps Application Default Credentials; "" for nowhere.
func defaultGoogleFile(getenv func(string) string, home string) string {
	if folder := gcloudFolder(getenv, home); folder != "" {
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
	files = append(files, filepath.Join(configFolder(getenv), "docker", "config.json"))
	if home != "" {
		files = append(files, filepath.Join(home, ".docker", "config.json"))
	}
	return files
}

// defaultCacheDir is where the credentials are kept: for root where it is gone after a reboot,
// for others in a folder of their own; "" if there is none.
func defaultCacheDir(getenv func(string) string, home string, root bool) string {
	if root {
		return rootCacheDir(getenv)
	}
	if folder := userCacheFolder(getenv, home); folder != "" {
		return filepath.Join(folder, "pullpass")
	}
	return ""
}
