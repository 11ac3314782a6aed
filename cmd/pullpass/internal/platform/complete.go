package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
	"github.com/pullpass/pullpass/provider"
)

// argv returns the arguments of the running kubelet, nil if none runs or they are hidden.
func argv(running *kubelet.Process) []string {
	if running == nil || running.Hidden {
		return nil
	}
	return running.Args
}

// takeFlags makes the paths of the two flags in args the platform's. It returns false, and changes
// nothing, if args lack one.
func takeFlags(p *Platform, args []string) bool {
	config, hasConfig := kubelet.Flag(args, ConfigFlag)
	binDir, hasBinDir := kubelet.Flag(args, BinDirFlag)
	if !hasConfig || !hasBinDir || config == "" || binDir == "" {
		return false
	}
	p.Config, p.BinDir = config, binDir
	return true
}

// inPlace completes a platform whose own unit has the flags. It is an error if the kubelet runs without
// them and will start without them: it would not read what is installed.
func inPlace(files rootfs.Root, p *Platform, running *kubelet.Process) error {
	if takeFlags(p, argv(running)) {
		return nil
	}
	u, err := systemd.ReadUnit(files, p.Service)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	values, _, err := u.Variables(files)
	if err != nil {
		return err
	}
	if !takeFlags(p, u.Arguments(values)) && running != nil {
		return p.unlessRuns(false, fmt.Errorf("install on %s: the kubelet runs without --%s, and so reads no config", p.Name, ConfigFlag))
	}
	return nil
}

// extraArguments completes a platform whose unit reads additional arguments from a file. The flags belong
// into that file, unless the unit has them from elsewhere. The flags that the unit will give the kubelet
// at its next start take precedence over those of the running kubelet: somebody may have changed the
// unit since.
func extraArguments(files rootfs.Root, p *Platform, running *kubelet.Process) error {
	runs := takeFlags(p, argv(running))
	u, err := systemd.ReadUnit(files, p.Service)
	if errors.Is(err, fs.ErrNotExist) {
		return p.unlessRuns(runs, err)
	}
	if err != nil {
		return err
	}
	values, setBy, err := u.Variables(files)
	if err != nil {
		return err
	}
	comes := takeFlags(p, u.Arguments(values))
	file, err := flagsFile(u, setBy[extraArgs])
	if err != nil {
		return p.unlessRuns(runs || comes, err)
	}
	if own := *p; comes && !takeFlags(&own, systemd.Split(values[file.Variable])) {
		return nil // from elsewhere in the unit
	}
	p.Flags = &file
	return nil
}

// unlessRuns returns nil if the kubelet has its flags anyway. Otherwise it returns err with the hint to
// add them by hand.
func (p *Platform) unlessRuns(has bool, err error) error {
	if has {
		return nil
	}
	return provider.WithHint(err, "add "+Flags(p.Config, p.BinDir)+" to the kubelet's arguments, and pass the same paths as --kubelet-config and --bin-dir")
}

// flagsFile returns the file in which KUBELET_EXTRA_ARGS has to be set for the unit. That is setBy, the
// file that sets it now, if there is one. Otherwise it is the file that the packages of Debian or of
// RPM-based systems have for it.
func flagsFile(u systemd.Unit, setBy string) (FlagsFile, error) {
	if !u.Passes(extraArgs) {
		return FlagsFile{}, fmt.Errorf("unit %s does not pass $%s to the kubelet", u.Name, extraArgs)
	}
	candidate := ""
	for _, pattern := range u.EnvironmentFiles {
		usual := candidate == "/etc/default/kubelet" || candidate == "/etc/sysconfig/kubelet"
		if pattern != generatedFlags && !strings.ContainsAny(pattern, `*?[\%`) && path.IsAbs(pattern) && !usual {
			candidate = path.Clean(pattern)
		}
	}
	switch {
	case setBy == generatedFlags:
		return FlagsFile{}, fmt.Errorf("unit %s: %s sets %s, and kubeadm overwrites it", u.Name, setBy, extraArgs)
	case setBy != "":
		candidate = setBy
	case candidate == "":
		return FlagsFile{}, fmt.Errorf("unit %s reads %s from no file", u.Name, extraArgs)
	}
	return FlagsFile{Path: candidate, Variable: extraArgs, Inherited: u.Environment[extraArgs]}, nil
}
