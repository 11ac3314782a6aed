package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
)

// installFlags are the flags of pullpass install and uninstall, as they were given.
type installFlags struct {
	root    string
	restart bool
	timeout time.Duration
	retry   bool
	dryRun  bool

	platform      string
	kubeletConfig string
	binDir        string
	entryFlags
	replace bool

	status bool
	format string
	watch  time.Duration
}

func newInstallCommand(n *node) *cobra.Command {
	f := &installFlags{}
	command := &cobra.Command{
		Use:   "install",
		Short: "Put pullpass on this node, or into an image of one",
		Long: `Put pullpass on this Linux node: the binary into the kubelet's plugin folder, its provider
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
  pullpass install --registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com --registry docker.io/acme/
  pullpass install --root /mnt --platform kubeadm      # an image that is built at /mnt
  pullpass install --status -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			job, err := f.parse(cmd.Flags().Changed)
			if err == nil && !f.status {
				err = job.passOn(n)
			}
			if err != nil {
				return err
			}
			return asFailure(job.install(cmd.Context(), n))
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	f.addCommon(command, "--restart or --status")
	flags.StringVar(&f.platform, "platform", "", "kind of node, in place of the one found: `NAME` is one of "+strings.Join(platform.Names(), ", "))
	flags.StringVar(&f.kubeletConfig, "kubelet-config", "", "`path` of the kubelet's CredentialProviderConfig, or of the folder with its files")
	flags.StringVar(&f.binDir, "bin-dir", "", "`folder` of the kubelet's plugins")
	f.entryFlags.addTo(flags)
	flags.BoolVar(&f.replace, "replace", false, "take out other providers whose images pullpass serves, all of them")
	flags.BoolVar(&f.status, "status", false, "change nothing, and tell what is installed")
	flags.StringVarP(&f.format, "output", "o", "text", "`format` of --status: text or json")
	flags.DurationVar(&f.watch, "watch", 0, "with --status: look again after each such `time`, and print a line for each change, until a signal")
	return command
}

func newUninstallCommand(n *node) *cobra.Command {
	f := &installFlags{format: "text"}
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Take pullpass off this node",
		Long: `Put back what was there before pullpass install: the flags, the kubelet's config, the binary.
A file that others have changed since loses pullpass's part alone.

A kubelet that runs goes on with the config that it has read when it started: the binary stays
until the kubelet was restarted, by --restart or before a second uninstall.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			job, err := f.parse(cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return asFailure(job.uninstall(cmd.Context(), n))
		},
	}
	command.Flags().SortFlags = false
	f.addCommon(command, "--restart")
	return command
}

// addCommon adds the flags of both. looks are those with which a kubelet is looked for below --root.
func (f *installFlags) addCommon(command *cobra.Command, looks string) {
	flags := command.Flags()
	flags.StringVar(&f.root, "root", "", "`folder` with the root of the node or image; no running kubelet is looked for without "+looks)
	flags.BoolVar(&f.restart, "restart", false, "restart the kubelet if that is needed, and put all back if it does not come back")
	flags.DurationVar(&f.timeout, "restart-timeout", 2*time.Minute, "`time` until a restarted kubelet must be healthy")
	flags.BoolVar(&f.retry, "retry", false, "try again what was put back before")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print a diff of what would be done, and do nothing")
}

// An installJob is an install or uninstall that can be tried.
type installJob struct {
	*installFlags
	variables []kubeletconfig.Env
	selected  bool // what the plugin's entry is to be is given
}

// parse checks the flags. changed tells whether one was given.
func (f *installFlags) parse(changed func(string) bool) (*installJob, error) {
	job := &installJob{installFlags: f}
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
		return nil, errors.New("--watch and --output are of no use without --status")
	case changed("watch") && f.watch < time.Second:
		return nil, errors.New("--watch must be 1s or more")
	}
	for _, name := range []string{"registry", "env", "arg"} {
		job.selected = job.selected || changed(name)
	}
	var err error
	if job.variables, err = f.entryFlags.variables(); err != nil {
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
