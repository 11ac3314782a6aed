package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// The platforms where nothing is written on a node: their settings are printed.
const (
	talos        = "talos"
	bottlerocket = "bottlerocket"
)

func newConfigKubeletCommand(n *node) *cobra.Command {
	var f entryFlags
	name, format := "", ""
	command := &cobra.Command{
		Use:   "kubelet",
		Short: "Print the kubelet's CredentialProviderConfig",
		Long: `Print a CredentialProviderConfig with pullpass as its one provider: for all registries that it
serves, also by the rules of its own config file, or for those that are named. pullpass install
puts the same provider into the config that a node has.

With --platform it is what that kind of node takes: for talos a patch of the machine
configuration, for bottlerocket settings, for eks JSON.`,
		Example: `  pullpass config kubelet --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com
  pullpass config kubelet --platform talos --registry docker.io/acme/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			variables, err := f.variables()
			if err != nil {
				return err
			}
			if err := checkPlatformFlags(cmd.Flags().Changed, name, format); err != nil {
				return err
			}
			entry, err := n.entry(&f, variables)
			if err != nil {
				return asFailure(err)
			}
			text, err := n.kubeletConfig(name, format, entry)
			if err == nil {
				_, err = n.Stdout.Write(text)
			}
			return asFailure(err)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	f.addTo(flags)
	flags.StringVar(&name, "platform", "", "kind of node: `NAME` is one of "+strings.Join(platform.Names(), ", "))
	flags.StringVarP(&format, "output", "o", "", "`format`: yaml or json (default yaml; for eks json)")
	return command
}

func checkPlatformFlags(changed func(string) bool, name, format string) error {
	switch {
	case changed("platform") && !slices.Contains(platform.Names(), name):
		return fmt.Errorf("unknown platform %q, known are %s", name, strings.Join(platform.Names(), ", "))
	case changed("output") && format != "yaml" && format != "json":
		return fmt.Errorf("unknown format %q, known are yaml, json", format)
	case changed("output") && (name == talos || name == bottlerocket):
		return fmt.Errorf("--output is of no use with --platform %s, whose settings have one format", name)
	}
	return nil
}

// kubeletConfig returns the config for a platform, "" for none in particular. format is yaml, json
// or "" for the usual one.
func (n *node) kubeletConfig(name, format string, entry kubeletconfig.Entry) ([]byte, error) {
	if name == talos || name == bottlerocket {
		return n.platformSettings(name, entry)
	}
	var at platform.Platform
	if name != "" {
		// What it cannot find out on this machine, which need not be the node, is not needed here.
		at, _ = platform.Named("/", name, nil)
	}
	if format == "json" || format == "" && at.JSON {
		return kubeletconfig.New(entry, kubeletconfig.JSON)
	}
	text, err := kubeletconfig.New(entry, kubeletconfig.YAML)
	if err != nil || at.Config == "" {
		return text, err
	}
	head := fmt.Sprintf("# The kubelet's CredentialProviderConfig on %s: %s\n# The binary belongs in %s\n", name, at.Config, at.BinDir)
	return append([]byte(head), withoutHead(text)...), nil
}

// withoutHead leaves out the comments at the beginning.
func withoutHead(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	first := slices.IndexFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "#") })
	return []byte(strings.Join(lines[max(first, 0):], ""))
}

// platformSettings returns the settings that give the entry to the nodes of Talos or Bottlerocket, to
// be applied by their API.
func (n *node) platformSettings(name string, entry kubeletconfig.Entry) ([]byte, error) {
	switch name {
	case talos:
		return talosPatch(entry)
	case bottlerocket:
		return bottlerocketSettings(entry)
	}
	return nil, fmt.Errorf("there are no settings for the platform %s", name)
}

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
	for line := range strings.Lines(string(withoutHead(config))) {
		text += "      " + line
	}
	return []byte(text), nil
}

// bottlerocketSettings returns settings in TOML:
// https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/
func bottlerocketSettings(entry kubeletconfig.Entry) ([]byte, error) {
	if len(entry.Args) > 0 || len(entry.Env) > 0 {
		return nil, errors.New("print the settings of bottlerocket: they have no place for arguments and variables of a plugin")
	}
	if _, err := kubeletconfig.New(entry, kubeletconfig.YAML); err != nil { // what cannot be in an entry
		return nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, `# User data, or for apiclient. Only for images of your own that hold the binary: Bottlerocket's have
# ecr-credential-provider alone, and the kubelet does not start with this and without the binary. See
# pullpass config show bottlerocket.
[settings.kubernetes.credential-providers.%s]
enabled = true
cache-duration = "5m"
image-patterns = [
`, entry.Name)
	for _, pattern := range entry.MatchImages {
		fmt.Fprintf(&text, "  \"%s\",\n", pattern) // a pattern has nothing that TOML would escape
	}
	text.WriteString("]\n")
	return []byte(text.String()), nil
}
