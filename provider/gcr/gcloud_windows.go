package gcr

import (
	"path/filepath"

	"github.com/pullpass/pullpass/provider"
)

// gcloudDir is gcloud's own directory; "" for none.
func gcloudDir(node provider.Node) string {
	if data := node.Getenv("APPDATA"); data != "" {
		return filepath.Join(data, "gcloud")
	}
	return ""
}
