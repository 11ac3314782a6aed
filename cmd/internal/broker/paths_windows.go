package broker

import "path/filepath"

func configDir(getenv func(string) string) string {
	data := getenv("ProgramData")
	if data == "" {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "pullpass")
}

// rootCacheDir is below the directory of the config, which others may read.
func rootCacheDir(getenv func(string) string) string {
	return filepath.Join(configDir(getenv), "cache")
}

func userCacheDir(getenv func(string) string, _ string) string { return getenv("LocalAppData") }
