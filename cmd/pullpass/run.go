package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/provider"
)

// Exit codes.
const (
	exitAnswered = 0 // also for "there is no credential"
	exitFailed   = 1
	exitUsage    = 2
)

// run runs the command that p names and returns its exit code.
func run(ctx context.Context, p *process) int {
	messages := &messages{out: p.Stderr}
	root := newRootCommand(p, messages)
	root.SetArgs(p.Args)
	command, err := root.ExecuteContextC(ctx)
	var failed failure
	switch {
	case err == nil:
		return exitAnswered
	case errors.As(err, &failed):
		messages.error(failed.error)
		return exitFailed
	}
	messages.error(provider.WithHint(err, "see "+command.CommandPath()+" --help"))
	return exitUsage
}

// A failure is an error of what a command does. All others are of how it was called.
type failure struct{ error }

// asFailure makes a failure of an error, and nothing of none.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

func newRootCommand(p *process, m *messages) *cobra.Command {
	plugin := &plugin{process: p, messages: m}
	showVersion := false
	root := &cobra.Command{
		Use:   "pullpass",
		Short: "Registry credentials for Kubernetes nodes",
		Long: `pullpass gives the kubelet the credential for an image's registry: Amazon ECR,
Google Artifact Registry, Docker Hub.

Without a command it is the kubelet's credential provider plugin: it reads a
CredentialProviderRequest on stdin and writes a CredentialProviderResponse.`,
		Example: `  pullpass <<'EOF'
  {"kind": "CredentialProviderRequest", "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
   "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"}
  EOF`,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(p.Stdout)
			}
			if p.Terminal {
				return cmd.Help()
			}
			return asFailure(plugin.run(cmd.Context()))
		},
	}
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.PersistentFlags().BoolVarP(&m.verbose, "verbose", "v", false, "say on stderr what is decided and why; never a secret")
	root.Flags().StringVar(&plugin.configPath, "config", "", "config `file` (default $PULLPASS_CONFIG, else "+defaultConfig(p.Getenv)+")")
	root.Flags().BoolVar(&showVersion, "version", false, "the same as pullpass version")
	root.AddCommand(newVersionCommand(p))
	return root
}

// noArguments refuses arguments, and names the command that may have been meant.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text)
}
