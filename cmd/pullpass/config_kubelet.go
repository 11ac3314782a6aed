package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
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
			if err != nil {
				return asFailure(err)
			}
			if chosen := n.configPath != "" || n.Getenv(configVariable) != ""; chosen && !f.namesConfig() {
				n.messages.note("the plugin on the node reads /etc/pullpass/config.yaml: %s", otherConfig(name))
			}
			_, err = n.Stdout.Write(text)
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

// otherConfig says how the plugin is told to read another config of its own.
func otherConfig(platform string) string {
	if platform == bottlerocket {
		return "--env " + configVariable + "=PATH names another one"
	}
	return "--arg=" + configFlag + "=PATH names another one"
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
	if len(entry.Args) > 0 {
		return nil, provider.WithHint(errors.New("print the settings of bottlerocket: they have no place for arguments of a plugin"),
			"variables have one: --env "+configVariable+"=PATH in place of "+configFlag+", and PULLPASS_CACHE_DIR in place of --cache-dir")
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
	if len(entry.Env) > 0 {
		fmt.Fprintf(&text, "[settings.kubernetes.credential-providers.%s.environment]\n", entry.Name)
	}
	seen := map[string]bool{}
	for _, variable := range entry.Env {
		if err := bottlerocketTakes(variable); err != nil {
			return nil, fmt.Errorf("print the settings of bottlerocket: %w", err)
		}
		if seen[variable.Name] {
			return nil, fmt.Errorf("print the settings of bottlerocket: the variable %s is given twice", variable.Name)
		}
		seen[variable.Name] = true
		fmt.Fprintf(&text, "\"%s\" = \"%s\"\n", variable.Name, strings.ReplaceAll(variable.Value, `\`, `\\`))
	}
	return []byte(text.String()), nil
}

// bottlerocketTakes returns an error for a variable that does not come through the template of which
// Bottlerocket makes the kubelet's config. It writes the name as it is and the value in single quotes,
// and what HTML would escape it does escape:
// https://github.com/bottlerocket-os/bottlerocket/blob/5098fc57784c48093a6078aabd53427c1f3e7dea/packages/kubernetes-1.30/credential-provider-config-yaml
func bottlerocketTakes(variable kubeletconfig.Env) error {
	const name = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
	switch {
	case strings.Trim(variable.Name, name) != "":
		return errors.New("the name of a variable must be of letters, digits and _")
	case strings.ContainsAny(variable.Value, "'\"`&<>=\r\n"):
		return fmt.Errorf("its template cannot write the value of %s: there must be no line break and none of ' \" ` & < > = in it", variable.Name)
	}
	return nil
}
