package apisettings

import (
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
)

// talosPatch returns a patch of the machine configuration:
// https://docs.siderolabs.com/talos/v1.13/reference/configuration/v1alpha1/config
func talosPatch(entry kubeletconfig.Entry) ([]byte, error) {
	config, err := kubeletconfig.New(entry, kubeletconfig.YAML)
	if err != nil {
		return nil, err
	}
	text := `# talosctl patch machineconfig --patch @FILE --nodes NODE
# First the binary, by a system extension: without it the kubelet does not start with this. See
# pullpass config show talos; for Talos 1.14 and later, pullpass config show talos-1.14.
machine:
  kubelet:
    credentialProviderConfig:
`
	for line := range strings.Lines(string(kubeletconfig.WithoutHead(config))) {
		text += "      " + line
	}
	return []byte(text), nil
}
