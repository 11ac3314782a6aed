package main

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

func configFolder(getenv func(string) string) string {
	data := getenv("ProgramData")
	if data == "" {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "pullpass")
}

func gcloudFolder(getenv func(string) string, _ string) string {
	if data := getenv("APPDATA"); data != "" {
		return filepath.Join(data, "gcloud")
	}
	return ""
}

func isRoot() bool { return windows.GetCurrentProcessToken().IsElevated() }

// rootCacheDir is below the folder of the config, which others may read.
func rootCacheDir(getenv func(string) string) string {
	return filepath.Join(configFolder(getenv), "cache")
}

func userCacheFolder(getenv func(string) string, _ string) string { return getenv("LocalAppData") }
