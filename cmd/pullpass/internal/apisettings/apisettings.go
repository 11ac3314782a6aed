// Package apisettings writes pullpass's entry as the settings of platforms whose files cannot be
// written. The user applies them with the platform's API.
package apisettings

import (
	"fmt"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
)

// The platforms that have such settings.
const (
	Talos        = "talos"
	Bottlerocket = "bottlerocket"
)

// Has reports whether a platform has such settings.
func Has(platform string) bool { return platform == Talos || platform == Bottlerocket }

// New returns the settings of a platform that give its nodes the entry. The error says what the
// settings cannot hold, or that the platform has none.
func New(platform string, entry kubeletconfig.Entry) ([]byte, error) {
	switch platform {
	case Talos:
		return talosPatch(entry)
	case Bottlerocket:
		return bottlerocketSettings(entry)
	}
	return nil, fmt.Errorf("there are no settings for the platform %s", platform)
}
