package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cachecmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/configcmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/getcmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/installcmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/plugin"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/pluginflags"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/secretcmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/synonym"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/waitcmd"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/warm"
	"github.com/pullpass/pullpass/provider/await"
)

// commands are all that pullpass has.
func commands(b *broker.Broker, stdio *cli.Stdio) []*cobra.Command {
	return []*cobra.Command{
		cachecmd.New(b, stdio),
		configcmd.New(b, stdio),
		getcmd.New(b, stdio),
		installcmd.NewInstall(b, stdio),
		secretcmd.New(b, stdio),
		installcmd.NewUninstall(b, stdio),
		waitcmd.New(b, stdio),
		warm.New(b, stdio),
		cli.NewVersionCommand(stdio),
	}
}

// run runs the command that args name and returns its exit code. A panic is a failure with one line on
// stderr.
func run(ctx context.Context, args []string, e *env.Env, stdio *cli.Stdio) (code int) {
	b := &broker.Broker{Env: e}
	defer b.WriteEvents(ctx) // the last messages as well
	defer func() {
		if recovered := recover(); recovered != nil {
			code = cli.Fail(await.PanicError(recovered), e.Log)
		}
	}()
	b.Backends = backends.All()
	b.HideEnvironment()
	flush := stdio.ScrubOut(&e.Log.Scrubber)
	if flags, ok := pluginflags.Parse(args); ok && !stdio.Terminal {
		// The kubelet's call, for each image: it does not wait for the tree of commands.
		b.ConfigPath, b.CacheDir, b.LogFile = flags.Config, flags.CacheDir, flags.LogFile
		if err := plugin.Run(ctx, b, stdio); err != nil {
			return cli.Fail(err, e.Log)
		}
		return cli.ExitAnswered
	}
	e.CatchSignals()
	e.HideStdio()
	return flushed(cli.Execute(ctx, newRoot(b, stdio), args, e.Log), flush, e.Log)
}

// flushed writes the end of stdout, and returns the exit code of a command that ended with code.
func flushed(code int, flush func() error, log *env.Log) int {
	if err := flush(); err != nil && code == cli.ExitAnswered {
		return cli.Fail(err, log)
	}
	return code
}

func newRoot(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "pullpass",
		Short: "Registry credentials for Kubernetes nodes",
		Long: `pullpass is a kubelet credential provider: it gives the kubelet the credential
for an image's registry (Amazon ECR, Google Artifact Registry, Docker Hub).

Without a command it is the kubelet's plugin: it reads a CredentialProviderRequest
on stdin and writes a CredentialProviderResponse.`,
		Example: `  pullpass get 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app`,
		Args:    synonym.NoCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return cli.PrintVersion(stdio.Out)
			}
			if stdio.Terminal {
				return cmd.Help()
			}
			return cli.AsFailure(plugin.Run(cmd.Context(), b, stdio))
		},
	}
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(b.Log.Out)
	flags := root.PersistentFlags()
	flags.BoolVarP(&b.Log.Verbose, "verbose", "v", false, "explain each decision on stderr (never prints secrets)")
	flags.StringVar(&b.ConfigPath, "config", "", "configuration `file` (default $"+broker.ConfigVariable+", else "+broker.DefaultConfig(b.Getenv)+")")
	flags.StringVar(&b.CacheDir, "cache-dir", "", "cache `directory` (default $"+broker.CacheDirVariable+", else cache.dir of the configuration, else "+broker.DefaultCacheDir(b.Env)+")")
	flags.StringVar(&b.LogFile, "log-file", "", "`file` that the plugin and warm log to (default log.file of the configuration, else none)")
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	root.AddCommand(commands(b, stdio)...)
	cli.SetHelp(root)
	cli.SetCompletion(root)
	return root
}
