// Package installcmd has the commands pullpass install and pullpass uninstall.
package installcmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/entryflags"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// flags are the flags of pullpass install and uninstall, as they were given.
type flags struct {
	root    string
	restart bool
	timeout time.Duration
	retry   bool
	dryRun  bool

	platform      string
	kubeletConfig string
	binDir        string
	entry         entryflags.Flags
	replace       bool

	status bool
	format string
	watch  time.Duration
}

// NewInstall returns the command install.
func NewInstall(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	f := &flags{}
	command := &cobra.Command{
		Use:   "install",
		Short: "Install pullpass on this node or into a node image",
		Long: `Install pullpass on this Linux node: the binary in the kubelet's plugin
directory, its provider in the kubelet's CredentialProviderConfig, and the
flags that enable it in the file where the distribution keeps them. The paths
come from the running kubelet's arguments. If no kubelet is running, pullpass
recognises the platform by its files. Other providers, and everything else in
these files, are kept. /usr/local/bin/pullpass becomes a link to the binary if
that directory exists and has nothing of that name.

A mistake in this configuration stops the kubelet from starting, so everything
is checked before anything is written. With --restart, the kubelet is restarted
if it does not use this configuration yet. If it does not become healthy,
everything is rolled back, the kubelet is restarted again, and the failed
configuration is not tried again without --retry.

Running it again with the same arguments changes nothing. --status shows what is
installed. Its exit code is 0 if the running kubelet uses it, otherwise 1.`,
		Example: `  pullpass install --dry-run
  pullpass install --restart
  pullpass install --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com \
    --registry docker.io/acme/
  pullpass install --root /mnt --platform kubeadm   # an image mounted at /mnt
  pullpass install --status -o json`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			job, err := f.parse(b, stdio, cmd.Flags().Changed)
			if err == nil && !f.status {
				err = job.passOn()
			}
			if err != nil {
				return err
			}
			return cli.AsFailure(job.install(cmd.Context()))
		},
	}
	set := command.Flags()
	set.SortFlags = false
	f.addCommon(command, "--restart or --status is")
	set.StringVar(&f.platform, "platform", "", "`NAME` of the platform instead of the detected one: "+strings.Join(platform.Names(), ", "))
	set.StringVar(&f.kubeletConfig, "kubelet-config", "", "`path` of the kubelet's CredentialProviderConfig, or of the directory with its files")
	set.StringVar(&f.binDir, "bin-dir", "", "`directory` of the kubelet's plugins")
	f.entry.AddTo(set)
	set.BoolVar(&f.replace, "replace", false, "remove other providers if pullpass serves every image that they match")
	set.BoolVar(&f.status, "status", false, "show what is installed, and change nothing")
	set.StringVarP(&f.format, "output", "o", "text", "`format` of --status: text or json")
	set.DurationVar(&f.watch, "watch", 0, "with --status: check again at this `interval` and print changes")
	cli.Choices(command, "platform", platform.Names()...)
	cli.Choices(command, "output", "text", "json")
	return command
}

// NewUninstall returns the command uninstall.
func NewUninstall(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	f := &flags{format: "text"}
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove pullpass from this node and restore its files",
		Long: `Restore the kubelet's flags, its config and the plugin directory as they were
before pullpass install. If someone edited one of these files in the meantime,
only pullpass's part is removed from it.

A running kubelet keeps using the config that it read when it started.
Therefore the binary is kept until the kubelet has been restarted: by --restart,
or by you before you run uninstall again.`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			job, err := f.parse(b, stdio, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return cli.AsFailure(job.uninstall(cmd.Context()))
		},
	}
	command.Flags().SortFlags = false
	f.addCommon(command, "--restart is")
	return command
}

// addCommon defines the flags of both commands. lookFlags names the flags with which a running kubelet
// matters in spite of --root.
func (f *flags) addCommon(command *cobra.Command, lookFlags string) {
	set := command.Flags()
	set.StringVar(&f.root, "root", "", "root `directory` of a mounted node or image (ignores running kubelets unless "+lookFlags+" given)")
	set.BoolVar(&f.restart, "restart", false, "restart the kubelet if needed; roll back if it does not become healthy")
	set.DurationVar(&f.timeout, "restart-timeout", 2*time.Minute, "`time` within which a restarted kubelet must become healthy")
	set.BoolVar(&f.retry, "retry", false, "retry a configuration that was rolled back")
	set.BoolVar(&f.dryRun, "dry-run", false, "print a diff of all changes, and change nothing")
}

// A job is an install or uninstall whose flags are good.
type job struct {
	*flags
	broker    *broker.Broker
	stdio     *cli.Stdio
	variables []kubeletconfig.Env
	selected  bool // flags say what the plugin's entry is to be
}

// parse checks the flags. changed reports whether one was given.
func (f *flags) parse(b *broker.Broker, stdio *cli.Stdio, changed func(string) bool) (*job, error) {
	job := &job{flags: f, broker: b, stdio: stdio}
	for _, flag := range []struct{ name, value string }{{"kubelet-config", f.kubeletConfig}, {"bin-dir", f.binDir}} {
		if changed(flag.name) && !filepath.IsAbs(flag.value) {
			return nil, fmt.Errorf("--%s must be an absolute path", flag.name)
		}
	}
	if f.root == "" && changed("root") { // an unset variable must not lead to this machine
		return nil, errors.New("--root must not be empty")
	}
	switch {
	case changed("platform") && !slices.Contains(platform.Names(), f.platform):
		return nil, fmt.Errorf("unknown platform %q, known are %s", f.platform, strings.Join(platform.Names(), ", "))
	case f.timeout <= 0:
		return nil, errors.New("--restart-timeout must be more than 0")
	case f.format != "text" && f.format != "json":
		return nil, fmt.Errorf("unknown format %q, known are text, json", f.format)
	case !f.status && (changed("watch") || changed("output")):
		return nil, errors.New("--watch and --output need --status")
	case changed("watch") && f.watch < time.Second:
		return nil, errors.New("--watch must be 1s or more")
	}
	for _, name := range entryflags.Names() {
		job.selected = job.selected || changed(name)
	}
	var err error
	if job.variables, err = f.entry.Variables(); err != nil {
		return nil, err
	}
	if f.status {
		for _, name := range []string{"restart", "restart-timeout", "retry", "dry-run", "registry", "env", "arg", "replace"} {
			if changed(name) {
				return nil, fmt.Errorf("--%s cannot be combined with --status, which changes nothing", name)
			}
		}
	}
	return job, nil
}
