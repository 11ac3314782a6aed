package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/provider"
)

// Detect tells the platform of the machine whose files are at root and whose kubelet is running,
// nil if none is. Where that kubelet has the two flags, or its unit has them, their paths are the
// platform's, else those that are usual for its kind. Links with absolute targets lead right only
// if root is "/".
//
// An error's hint says what to do. The Platform beside it has what is known in spite of it, of
// use for one who brings the paths.
func Detect(root string, running *kubelet.Process) (Platform, error) {
	n := node{root}
	var looked []string
	for _, k := range kinds() {
		if !k.runs(running) {
			continue
		}
		if k.is(n, running) {
			if err := n.only(k, running); err != nil {
				return k.Platform, err
			}
			return k.resolve(n, running)
		}
		looked = append(looked, k.Name)
	}
	p := Platform{Name: "kubelet"}
	if running != nil {
		p.Service = running.Service
	}
	if takeFlags(&p, argv(running)) {
		return p, p.checkPaths()
	}
	return p, provider.WithHint(
		fmt.Errorf("find the kubelet: none that runs has --%s, and there are no files of %s", ConfigFlag, strings.Join(looked, ", ")),
		"name the platform with --platform, or the kubelet's paths with --kubelet-config and --bin-dir")
}

// Named is Detect for a platform that is known by its name, one of Names.
func Named(root, name string, running *kubelet.Process) (Platform, error) {
	for _, k := range kinds() {
		if k.Name == name && slices.Contains(Names(), name) {
			return k.resolve(node{root}, running)
		}
	}
	return Platform{}, provider.WithHint(fmt.Errorf("unknown platform %q", name), "it is one of "+strings.Join(Names(), ", "))
}

// ErrTwoKinds is of a machine on which no kubelet runs that would tell of which kind it is.
var ErrTwoKinds = errors.New("there are files of two kinds of nodes, and none runs")

// only refuses to guess: left-overs of another kind on a machine whose kubelet does not run would
// have pullpass installed where no kubelet looks.
func (n node) only(k kind, running *kubelet.Process) error {
	if running != nil || k.traces() == nil {
		return nil
	}
	for _, other := range kinds() {
		if other.Name != k.Name && slices.ContainsFunc(other.traces(), n.exists) {
			return provider.WithHint(fmt.Errorf("find the kubelet: %w: %s and %s", ErrTwoKinds, k.Name, other.Name), "name the platform with --platform")
		}
	}
	return nil
}

// traces are the files that show that a machine is or was of this kind, and of no other. There are
// none for kinds that count before all others.
func (k kind) traces() []string {
	switch k.Name {
	case "eks", "gke", "aks", "rke2", "k3s":
		return k.markers
	case "kubeadm":
		return []string{generatedFlags, "/etc/kubernetes/kubelet.conf", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"}
	}
	return nil
}

// runs reports whether a kubelet that runs, if one does, can be one of this kind: some have it in
// a program or a service of their own.
func (k kind) runs(running *kubelet.Process) bool {
	if running == nil {
		return true
	}
	switch k.Name {
	case "k3s":
		return running.Name() == "k3s"
	case "microk8s":
		return running.Name() == "kubelite"
	case "rke2":
		return running.Name() == "kubelet" && (running.Service == "" || strings.HasPrefix(running.Service, "rke2-"))
	}
	return running.Name() == "kubelet" && !strings.HasPrefix(running.Service, "rke2-")
}

// is reports whether the machine is of this kind.
func (k kind) is(n node, running *kubelet.Process) bool {
	if running != nil && (running.Hidden || k.Name == "rke2" && running.Service != "") {
		return true // runs has said so
	}
	return slices.ContainsFunc(k.markers, n.exists) || slices.Contains(k.systems, n.system())
}

// system is the ID in /etc/os-release, os-release(5); "" without one.
func (n node) system() string {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		data, err := n.read(file)
		if err != nil {
			continue
		}
		id := ""
		for _, a := range assignments(data, false) {
			if a.name == "ID" {
				id = a.text()
			}
		}
		return id
	}
	return ""
}

func (k kind) resolve(n node, running *kubelet.Process) (Platform, error) {
	p := k.Platform
	if running != nil && running.Service != "" {
		p.Service = running.Service
	}
	switch {
	case k.refused != "":
		return p, provider.WithHint(fmt.Errorf("install on %s: %s", k.Name, k.refused), k.hint)
	case k.complete == nil:
		return p, nil
	}
	if err := k.complete(n, &p, running); err != nil {
		return p, err
	}
	return p, p.checkPaths()
}

// checkPaths refuses those of a kubelet that depend on its working directory.
func (p *Platform) checkPaths() error {
	for _, f := range [...]struct{ name, path string }{{ConfigFlag, p.Config}, {BinDirFlag, p.BinDir}} {
		if !path.IsAbs(f.path) {
			return provider.WithHint(fmt.Errorf("the kubelet has --%s=%s, which is not an absolute path", f.name, f.path),
				"give the kubelet an absolute path, or name both of its paths with --kubelet-config and --bin-dir")
		}
	}
	return nil
}

// argv is that of the kubelet that runs, nil if it does not or cannot be seen.
func argv(running *kubelet.Process) []string {
	if running == nil || running.Hidden {
		return nil
	}
	return running.Args
}

// takeFlags takes over the paths of the two flags if args have both.
func takeFlags(p *Platform, args []string) bool {
	config, hasConfig := kubelet.Flag(args, ConfigFlag)
	binDir, hasBinDir := kubelet.Flag(args, BinDirFlag)
	if !hasConfig || !hasBinDir || config == "" || binDir == "" {
		return false
	}
	p.Config, p.BinDir = config, binDir
	return true
}

// inPlace completes a platform that gives its kubelet the flags itself. A kubelet that runs without
// them, and will start without them, is an error: it would read nothing of what is installed.
func inPlace(n node, p *Platform, running *kubelet.Process) error {
	if takeFlags(p, argv(running)) {
		return nil
	}
	u, err := n.readUnit(p.Service)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	values, _, err := n.variables(u)
	if err != nil {
		return err
	}
	if !takeFlags(p, u.arguments(values)) && running != nil {
		return p.unlessRuns(false, fmt.Errorf("install on %s: the kubelet runs without --%s, and reads no such file", p.Name, ConfigFlag))
	}
	return nil
}

// extraArguments completes a platform where the flags come from the file that its packages have for
// more arguments, unless the unit has them from elsewhere. What the unit will give the kubelet when
// it starts next counts more than what the running one has: somebody may have changed it since.
func extraArguments(n node, p *Platform, running *kubelet.Process) error {
	runs := takeFlags(p, argv(running))
	u, err := n.readUnit(p.Service)
	if err != nil {
		return p.unlessRuns(runs, err)
	}
	values, setBy, err := n.variables(u)
	if err != nil {
		return err
	}
	comes := takeFlags(p, u.arguments(values))
	file, err := u.flagsFile(setBy[extraArgs])
	if err != nil {
		return p.unlessRuns(runs || comes, err)
	}
	if own := *p; comes && !takeFlags(&own, arguments(values[file.Variable])) {
		return nil // from elsewhere in the unit
	}
	p.Flags = &file
	return nil
}

// unlessRuns is nil if the kubelet has its flags anyhow, else err with the hint of last resort.
func (p *Platform) unlessRuns(has bool, err error) error {
	if has {
		return nil
	}
	return provider.WithHint(err, "add "+Flags(p.Config, p.BinDir)+" to the kubelet's arguments, and name the same paths with --kubelet-config and --bin-dir")
}

// flagsFile is the file in which KUBELET_EXTRA_ARGS has to be set for the unit: the one that it is set
// by now, else the one that the packages of Debian and of RPM-based systems mean for it.
func (u unit) flagsFile(setBy string) (FlagsFile, error) {
	if !u.passes(extraArgs) {
		return FlagsFile{}, fmt.Errorf("unit %s does not pass $%s to the kubelet", u.name, extraArgs)
	}
	could := ""
	for _, pattern := range u.files {
		usual := could == "/etc/default/kubelet" || could == "/etc/sysconfig/kubelet"
		if pattern != generatedFlags && !strings.ContainsAny(pattern, `*?[\%`) && path.IsAbs(pattern) && !usual {
			could = path.Clean(pattern)
		}
	}
	switch {
	case setBy == generatedFlags:
		return FlagsFile{}, fmt.Errorf("unit %s: %s sets %s, and kubeadm writes it anew", u.name, setBy, extraArgs)
	case setBy != "":
		could = setBy
	case could == "":
		return FlagsFile{}, fmt.Errorf("unit %s reads %s from no file", u.name, extraArgs)
	}
	return FlagsFile{Path: could, Variable: extraArgs, Inherited: u.environment[extraArgs]}, nil
}
