package installcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/apisettings"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/installer"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubeletconfig"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
	"github.com/pullpass/pullpass/provider"
)

// stateDirectory is where an install keeps its record for later runs. It survives a reboot, as the
// installed files do.
const stateDirectory = "/var/lib/pullpass"

// installer changes to the root of --root, and returns the installer for it.
func (j *job) installer() (*installer.Installer, error) {
	here := &installer.Installer{
		StateDir:       stateDirectory,
		Version:        cli.VersionOf,
		Healthy:        kubelet.Healthy,
		Systemctl:      systemd.Systemctl,
		CheckSystemctl: systemd.CheckSystemctl,
		Now:            j.broker.Now,
		Done:           func(text string) { fmt.Fprintln(j.stdio.Out, text) },
		Note:           func(text string) { j.broker.Log.Note("%s", text) },
	}
	if j.root == "" || j.restart || j.status {
		here.Find = func() (*kubelet.Process, error) {
			running, err := kubelet.Find("/proc")
			switch image := j.root != "" && errors.Is(err, fs.ErrNotExist); {
			case image && j.status:
				return nil, nil
			case image:
				err = provider.WithHint(err, "no kubelet is running in an image: leave out --restart")
			}
			return running, err
		}
	}
	var err error
	here.Binary, here.Boot, err = enterRoot(j.root)
	if err == nil && !j.broker.Root {
		err = provider.WithHint(errors.New("the kubelet's files belong to root"), "run this as root")
	}
	return here, err
}

// platformOf returns the platform of this node. Flags take precedence over what is found.
func (j *job) platformOf(i *installer.Installer) (platform.Platform, error) {
	var running *kubelet.Process
	if i.Find != nil {
		var err error
		if running, err = i.Find(); err != nil {
			return platform.Platform{}, err
		}
	}
	var pf platform.Platform
	var err error
	if j.platform != "" {
		pf, err = platform.Named("/", j.platform, running)
	} else {
		pf, err = platform.Detect("/", running)
	}
	if j.kubeletConfig != "" && j.binDir != "" && !errors.Is(err, platform.ErrTwoKinds) {
		err = nil // nothing is left to be found
	}
	if j.kubeletConfig != "" {
		pf.Config = j.kubeletConfig
	}
	if j.binDir != "" {
		pf.BinDir = j.binDir
	}
	return pf, err
}

func (j *job) options() installer.Options {
	return installer.Options{
		Selected: j.selected,
		Replace:  j.replace,
		Restart:  j.restart,
		Retry:    j.retry,
		Timeout:  j.timeout,
	}
}

// passOn makes the plugin use the config and the cache directory of this run.
func (j *job) passOn() error {
	added, err := j.entry.PassOn(j.broker)
	j.selected = j.selected || added
	return err
}

func (j *job) install(ctx context.Context) error {
	here, err := j.installer()
	if err != nil {
		return err
	}
	if j.status {
		return j.showStatus(ctx, func() (installer.Status, error) {
			pf, err := j.platformOf(here)
			chosen := j.platform != "" || j.kubeletConfig != "" || j.binDir != ""
			return here.Status(ctx, pf, chosen, err)
		})
	}
	pf, err := j.platformOf(here)
	if err != nil {
		return err
	}
	entry, err := j.entry.Entry(j.broker, j.variables)
	if err != nil {
		return err
	}
	if pf.Settings != "" && j.restart { // a DaemonSet would wait for ever
		return provider.WithHint(fmt.Errorf("install on %s: its files cannot be written", pf.Name),
			fmt.Sprintf("see pullpass config show %s; keep the DaemonSet off such nodes with a node affinity", pf.Name))
	}
	if pf.Settings != "" {
		return j.printSettings(pf, entry)
	}
	options := j.options()
	options.Platform, options.Entry = pf, entry
	if j.dryRun {
		return here.DryRun(ctx, j.stdio.Out, options)
	}
	return here.Install(ctx, options)
}

func (j *job) uninstall(ctx context.Context) error {
	here, err := j.installer()
	if err != nil {
		return err
	}
	options := j.options()
	options.Platform, err = j.platformOf(here)
	if err != nil && options.Platform.Name == "" { // of all else that is not found out, there is the record
		return err
	}
	if j.dryRun {
		return here.DryRunUninstall(ctx, j.stdio.Out, options)
	}
	return here.Uninstall(ctx, options)
}

// printSettings prints the settings for the API of a platform whose files cannot be written.
func (j *job) printSettings(pf platform.Platform, entry kubeletconfig.Entry) error {
	settings, err := apisettings.New(pf.Settings, entry)
	if err != nil {
		return err
	}
	j.broker.Log.Note("nothing is installed, because the files of %s cannot be written: apply these settings through its API, as their first lines say", pf.Name)
	_, err = j.stdio.Answer.Write(settings) // as config kubelet does
	return err
}
