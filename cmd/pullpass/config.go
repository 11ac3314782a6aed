package main

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	nodeconfig "github.com/pullpass/pullpass/node-config"
	"github.com/pullpass/pullpass/provider"
)

func newConfigCommand(n *node) *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Print or check the kubelet's configuration for plugins",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newConfigKubeletCommand(n), newConfigCheckCommand(n), newConfigShowCommand(n))
	return command
}

func newConfigShowCommand(n *node) *cobra.Command {
	return &cobra.Command{
		Use:   "show [NAME]",
		Short: "Print a file of those that nodes need, or list them",
		Long: `Print one of the files that come with this binary: the kubelet's configuration, and the step
that turns it on, for each kind of node. NAME is a path in the list, or its last part without
the extension, or a folder, if it stands for one file alone. Without NAME it prints the list.`,
		Example: `  pullpass config show
  pullpass config show daemonset | kubectl apply -f -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] == "" {
				return errors.New("name one file")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text := strings.Join(nodeconfig.Names(), "\n") + "\n"
			if len(args) == 1 {
				data, err := nodeFile(args[0])
				if err != nil {
					return asFailure(err)
				}
				text = string(data)
			}
			_, err := fmt.Fprint(n.Stdout, text)
			return asFailure(err)
		},
	}
}

// nodeFile returns the file of node-config by one of its names, or the one file of a folder.
func nodeFile(name string) ([]byte, error) {
	data, err := nodeconfig.Read(name)
	if err == nil {
		return data, nil
	}
	hint := "pullpass config show lists them all"
	var within, known []string
	for _, file := range nodeconfig.Names() {
		known = append(known, strings.TrimSuffix(path.Base(file), path.Ext(file)))
		for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
			if folder == name || path.Base(folder) == name {
				within = append(within, file)
				break
			}
			known = append(known, folder)
		}
	}
	switch near := strictyaml.Suggest(name, known); {
	case len(within) == 1:
		return nodeconfig.Read(within[0])
	case len(within) > 1:
		err = fmt.Errorf("read %s: a folder with %s", name, strings.Join(within, ", "))
		hint = "name one of them"
	case strings.HasPrefix(near, "did you mean") && !strings.Contains(strings.Join(nodeconfig.Names(), "\n"), name):
		hint = near // else the error names some
	}
	return nil, provider.WithHint(err, hint)
}
