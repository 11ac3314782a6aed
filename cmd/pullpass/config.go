package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
the extension, if only one has it. Without NAME it prints the list.`,
		Example: `  pullpass config show
  pullpass config show daemonset | kubectl apply -f -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("name one file")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text := strings.Join(nodeconfig.Names(), "\n") + "\n"
			if len(args) == 1 {
				data, err := nodeconfig.Read(args[0])
				if err != nil {
					return asFailure(provider.WithHint(err, "pullpass config show lists them all"))
				}
				text = string(data)
			}
			_, err := fmt.Fprint(n.Stdout, text)
			return asFailure(err)
		},
	}
}
