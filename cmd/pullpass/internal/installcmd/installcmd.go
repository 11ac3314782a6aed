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
		Short: "Put pullpass on this node, or into an image of one",
		Long: `Put pullpass on this Linux node: the binary into the kubelet's plugin directory, its provider
into the kubelet's CredentialProviderConfig, and the flags that turn it on to where the node's
distribution reads them. The running kubelet's arguments tell where, or else the files of the
platform. Other providers, and all else in these files, stay as they are.

A kubelet does not start with a mistake in any of these, so that everything is checked before
anything is written. With --restart the kubelet is restarted if it has not read what is there,
and watched: if it does not come back healthy, all is put back, it is restarted again, and the
same is not tried once more, until --retry.

A second run changes nothing. --status tells what is installed, and whether the running kubelet
has it: the exit code is 0 if so, else 1.`,
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
	f.addCommon(command, "--restart or --status")
	set.StringVar(&f.platform, "platform", "", "kind of node, in place of the one found: `NAME` is one of "+strings.Join(platform.Names(), ", "))
	set.StringVar(&f.kubeletConfig, "kubelet-config", "", "`path` of the kubelet's CredentialProviderConfig, or of the directory with its files")
	set.StringVar(&f.binDir, "bin-dir", "", "`directory` of the kubelet's plugins")
	f.entry.AddTo(set)
	set.BoolVar(&f.replace, "replace", false, "take out other providers whose images pullpass serves, all of them")
	set.BoolVar(&f.status, "status", false, "change nothing, and tell what is installed")
	set.StringVarP(&f.format, "output", "o", "text", "`format` of --status: text or json")
	set.DurationVar(&f.watch, "watch", 0, "with --status: look again after each such `time`, and print a line for each change, until a signal")
	cli.Choices(command, "platform", platform.Names()...)
	cli.Choices(command, "output", "text", "json")
	return command
}

// NewUninstall returns the command uninstall.
func NewUninstall(b *broker.Broker, stdio *cli.Stdio) *cobra.Command {
	f := &flags{format: "text"}
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Take pullpass off this node",
		Long: `Put back what was there before pullpass install: the flags, the kubelet's config, the binary.
A file that others have changed since loses pullpass's part alone.

A kubelet that runs goes on with the config that it has read when it started: the binary stays
until the kubelet was restarted, by --restart or before a second uninstall.`,
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
	f.addCommon(command, "--restart")
	return command
}

// addCommon defines the flags of both commands. lookFlags names the flags with which a running kubelet is
// looked for in spite of --root.
func (f *flags) addCommon(command *cobra.Command, lookFlags string) {
	set := command.Flags()
	set.StringVar(&f.root, "root", "", "`directory` with the root of the node or image; no running kubelet is looked for without "+lookFlags)
	set.BoolVar(&f.restart, "restart", false, "restart the kubelet if that is needed, and put all back if it does not come back")
	set.DurationVar(&f.timeout, "restart-timeout", 2*time.Minute, "`time` until a restarted kubelet must be healthy")
	set.BoolVar(&f.retry, "retry", false, "try again what was put back before")
	set.BoolVar(&f.dryRun, "dry-run", false, "print a diff of what would be done, and do nothing")
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
				return nil, fmt.Errorf("--status changes nothing, --%s is of no use with it", name)
			}
		}
	}
	return job, nil
}
