package configcmd

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	nodeconfig "github.com/pullpass/pullpass/node-config"
	"github.com/pullpass/pullpass/provider"
)

func newShow(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	var f showFlags
	command := &cobra.Command{
		Use:   "show [NAME]",
		Short: "List or print the bundled files for nodes and clusters",
		Long: `Print one of the bundled files: the kubelet's configuration for each platform,
and the step that enables it. NAME is a path from the list, or its base name
without extension if that is unique, or a directory with only one file. Without
NAME, list the files.

daemonset and rotation are manifests for kubectl apply -f -. The flags put your
values into them: for daemonset, --registry, --platform, --env and --arg are
passed to pullpass install on each node; for rotation, a CronJob that renews pull
secrets, --platform chooses how it gets its identity in the cloud, and --registry
its registries. Values that are still examples are listed on stderr. A released
binary has the image of its release.`,
		Example: `  pullpass config show
  pullpass config show daemonset --registry docker.io/acme/ | kubectl apply -f -
  pullpass config show rotation --platform eks-irsa -n team \
    --identity arn:aws:iam::123456789012:role/pull \
    --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com |
    kubectl apply -f -`,
		ValidArgsFunction: completeName,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] == "" {
				return errors.New("name one file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.text(b, strings.Join(args, ""), cmd.Flags())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(stdio.Answer, text) // what is not the same everywhere are the values of flags
			return cli.AsFailure(err)
		},
	}
	f.addTo(command.Flags())
	cli.ChoicesFor(command, "platform", func(args []string) []string {
		if strings.HasPrefix(strings.Join(args, ""), rotation) {
			return rotationNames()
		}
		return platform.Names()
	})
	return command
}

// nodeFile returns a file of node-config by one of its names, or the only file of a directory.
func nodeFile(name string) ([]byte, error) {
	data, err := nodeconfig.Read(name)
	if err == nil {
		return data, nil
	}
	hint := "pullpass config show lists them all"
	var within, known []string
	for _, file := range nodeconfig.Names() {
		known = append(known, shortName(file))
		for directory := path.Dir(file); directory != "."; directory = path.Dir(directory) {
			if directory == name || path.Base(directory) == name {
				within = append(within, file)
				break
			}
			known = append(known, directory)
		}
	}
	switch near := strictyaml.Near(name, known); {
	case len(within) == 1:
		return nodeconfig.Read(within[0])
	case len(within) > 1:
		err = fmt.Errorf("read %s: a directory with %s", name, strings.Join(within, ", "))
		hint = "name one of them"
	case near != "" && !strings.Contains(strings.Join(nodeconfig.Names(), "\n"), name):
		hint = near // else the error names some
	}
	return nil, provider.WithHint(err, hint)
}
