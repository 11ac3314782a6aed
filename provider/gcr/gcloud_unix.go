//go:build !windows

package gcr

import (
	"path/filepath"

	"github.com/pullpass/pullpass/provider"
)

// gcloudDir is gcloud's own directory; "" for none.
func gcloudDir(node provider.Node) string {
	if node.Home == "" {
		return ""
	}
	return filepath.Join(node.Home, ".config", "gcloud")
}
