package configcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/apisettings"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/entryflags"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/pluginflags"
)

func newKubelet(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	var f entryflags.Flags
	name, format := "", ""
	command := &cobra.Command{
		Use:   "kubelet",
		Short: "Print a kubelet credential provider config",
		Long: `Print a CredentialProviderConfig with pullpass as its only provider. It is for
the registries of --registry, or else for all that pullpass serves, including
those that only its own configuration names. pullpass install adds the same
provider to the existing configuration of a node.

With --platform, print what that platform takes: a machine configuration patch
for talos, settings for bottlerocket, JSON for eks.`,
		Example: `  pullpass config kubelet --registry europe-docker.pkg.dev
  pullpass config kubelet --platform talos --registry docker.io/acme/`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			variables, err := f.Variables()
			if err != nil {
				return err
			}
			if err := checkPlatformFlags(cmd.Flags().Changed, name, format); err != nil {
				return err
			}
			entry, err := f.Entry(b, variables)
			if err != nil {
				return cli.AsFailure(err)
			}
			text, err := kubeletConfig(name, format, entry)
			if err != nil {
				return cli.AsFailure(err)
			}
			if chosen := b.ConfigPath != "" || b.Getenv(broker.ConfigVariable) != ""; chosen && !f.NamesConfig() {
				b.Log.Note("the plugin on the node reads /etc/pullpass/config.yaml: %s", otherConfig(name))
			}
			_, err = stdio.Answer.Write(text) // the values of --env and --arg belong in it, whatever they are
			return cli.AsFailure(err)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	f.AddTo(flags)
	flags.StringVar(&name, "platform", "", "`NAME` of the platform: "+strings.Join(platform.Names(), ", "))
	flags.StringVarP(&format, "output", "o", "", "output `format`: yaml or json (default yaml; json for eks)")
	cli.Choices(command, "platform", platform.Names()...)
	cli.Choices(command, "output", "yaml", "json")
	return command
}

// otherConfig says how to make the plugin read another config.
func otherConfig(name string) string {
	if platform.Known(name).Settings == platform.BottlerocketSettings { // which have no place for arguments
		return "--env " + broker.ConfigVariable + "=PATH names another one"
	}
	return "--arg=" + pluginflags.Config + "=PATH names another one"
}

func checkPlatformFlags(changed func(string) bool, name, format string) error {
	switch {
	case changed("platform") && !slices.Contains(platform.Names(), name):
		return fmt.Errorf("unknown platform %q, known are %s", name, strings.Join(platform.Names(), ", "))
	case changed("output") && format != "yaml" && format != "json":
		return fmt.Errorf("unknown format %q, known are yaml, json", format)
	case changed("output") && platform.Known(name).Settings != "":
		return fmt.Errorf("--output is of no use with --platform %s, whose settings have one format", name)
	}
	return nil
}

// kubeletConfig returns the config for a platform, "" for none in particular. format is yaml, json
// or "" for the usual one.
func kubeletConfig(name, format string, entry kubeletconfig.Entry) ([]byte, error) {
	if form := platform.Known(name).Settings; form != "" {
		return apisettings.New(form, entry)
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
	return append([]byte(head), kubeletconfig.WithoutHead(text)...), nil
}
