package main

import "path/filepath"

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
