//go:build !windows

package main

import "path/filepath"

func configFolder(func(string) string) string { return "/etc/pullpass" }

func gcloudFolder(_ func(string) string, home string) string {
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".config", "gcloud")
}
