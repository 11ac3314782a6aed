// Package apisettings writes pullpass's entry as the settings of platforms whose files cannot be
// written. The user applies them with the platform's API.
package apisettings

import (
	"fmt"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// New returns the settings, in a form of platform.Platform.Settings, that give nodes the entry. The
// error says what the settings cannot hold, or that there is no such form.
func New(form platform.Settings, entry kubeletconfig.Entry) ([]byte, error) {
	switch form {
	case platform.TalosPatch:
		return talosPatch(entry)
	case platform.BottlerocketSettings:
		return bottlerocketSettings(entry)
	}
	return nil, fmt.Errorf("there are no settings in the form %q", form)
}
