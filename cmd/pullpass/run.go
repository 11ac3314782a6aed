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
	n := &node{process: p, messages: messages}
	if len(p.Args) == 0 && !p.Terminal {
		// The kubelet's call, for each image: it does not wait for a tree of commands.
		if err := (plugin{n}).run(ctx); err != nil {
			messages.error(err)
			return exitFailed
		}
		return exitAnswered
	}
	p.Guard()
	root := newRootCommand(n)
	root.SetArgs(p.Args)
	command, err := root.ExecuteContextC(ctx)
	var failed failure
	switch {
	case err == nil:
		return exitAnswered
	case errors.As(err, &failed):
		if !errors.Is(failed.error, errShown) {
			messages.error(failed.error)
		}
		return exitFailed
	}
	if provider.Hint(err) == "" {
		err = provider.WithHint(err, "see "+command.CommandPath()+" --help")
	}
	messages.error(err)
	return exitUsage
}

// A failure is an error of what a command does. All others are of how it was called.
type failure struct{ error }

// errShown stands for errors that were shown already.
var errShown = errors.New("there were errors")

// asFailure makes a failure of an error, and nothing of none.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

func newRootCommand(n *node) *cobra.Command {
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
				return printVersion(n.Stdout)
			}
			if n.Terminal {
				return cmd.Help()
			}
			return asFailure(plugin{n}.run(cmd.Context()))
		},
	}
	root.SetIn(n.Stdin)
	root.SetOut(n.Stdout)
	root.SetErr(n.Stderr)
	flags := root.PersistentFlags()
	flags.BoolVarP(&n.messages.verbose, "verbose", "v", false, "say on stderr what is decided and why; never a secret")
	flags.StringVar(&n.configPath, "config", "", "config `file` (default $PULLPASS_CONFIG, else "+defaultConfig(n.Getenv)+")")
	flags.StringVar(&n.cacheDir, "cache-dir", "", "`directory` of the cache (default $PULLPASS_CACHE_DIR, else that of the config, else "+defaultCacheDir(n.Getenv, n.Home, n.Root)+")")
	root.Flags().BoolVar(&showVersion, "version", false, "the same as pullpass version")
	root.AddCommand(newCacheCommand(n), newConfigCommand(n), newInstallCommand(n), newSecretCommand(n), newUninstallCommand(n), newWarmCommand(n), newVersionCommand(n.process))
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
