package platform

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/systemd"
	"github.com/pullpass/pullpass/provider"
)

// Detect returns the platform of the machine whose root directory is root and whose kubelet is running,
// nil if none is. If that kubelet or its unit has the two flags, their paths are the platform's.
// Otherwise its paths are the usual ones of its kind. Symbolic links with absolute targets are followed
// correctly only if root is "/".
//
// The hint of an error says what to do. The Platform beside an error has what is known nevertheless, for
// a caller that has the paths from elsewhere.
func Detect(root string, running *kubelet.Process) (Platform, error) {
	files := rootfs.Root(root)
	var looked []string
	for _, k := range kinds() {
		if !k.runs(running) {
			continue
		}
		if k.is(files, running) {
			if err := k.checkOnly(files, running); err != nil {
				return k.Platform, err
			}
			return k.resolve(files, running)
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
		fmt.Errorf("find the kubelet: no running kubelet has --%s, and there are no files of %s", ConfigFlag, strings.Join(looked, ", ")),
		"name the platform with --platform, or the kubelet's paths with --kubelet-config and --bin-dir")
}

// Named is Detect for a platform that is known by its name, one of Names.
func Named(root, name string, running *kubelet.Process) (Platform, error) {
	for _, k := range kinds() {
		if k.Name == name && slices.Contains(Names(), name) {
			return k.resolve(rootfs.Root(root), running)
		}
	}
	return Platform{}, provider.WithHint(fmt.Errorf("unknown platform %q", name), "it is one of "+strings.Join(Names(), ", "))
}

// ErrTwoKinds is the error for a machine with files of two kinds of nodes, on which no kubelet is running that
// would show which platform it is.
var ErrTwoKinds = errors.New("there are files of two platforms, and no kubelet is running")

// checkOnly returns ErrTwoKinds if no kubelet is running and there are also traces of another kind. One of
// them is left over: with a guess, pullpass could be installed where no kubelet looks.
func (k kind) checkOnly(files rootfs.Root, running *kubelet.Process) error {
	if running != nil || k.traces == nil {
		return nil
	}
	for _, other := range kinds() {
		if other.Name != k.Name && slices.ContainsFunc(other.traces, files.Exists) {
			return provider.WithHint(fmt.Errorf("find the kubelet: %w: %s and %s", ErrTwoKinds, k.Name, other.Name), "name the platform with --platform")
		}
	}
	return nil
}

// runs reports whether the running kubelet, if there is one, can be of this kind, by its program and its
// service.
func (k kind) runs(running *kubelet.Process) bool {
	switch {
	case running == nil:
		return true
	case k.Program != "":
		return running.Name() == k.Program
	case running.Name() != "kubelet":
		return false
	case k.services != "":
		return running.Service == "" || strings.HasPrefix(running.Service, k.services)
	}
	return !slices.ContainsFunc(kinds(), func(other kind) bool {
		return other.services != "" && strings.HasPrefix(running.Service, other.services)
	})
}

// is reports whether the machine is of this kind, if runs has not ruled that out.
func (k kind) is(files rootfs.Root, running *kubelet.Process) bool {
	if running != nil && (running.Hidden || k.services != "" && running.Service != "") {
		return true // no other kind has such a program or service
	}
	markers := k.markers
	if markers == nil {
		markers = k.traces
	}
	return slices.ContainsFunc(markers, files.Exists) || slices.Contains(k.systems, system(files))
}

// system returns the ID in os-release, see os-release(5); "" if there is none.
func system(files rootfs.Root) string {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		data, err := files.ReadFile(file)
		if err != nil {
			continue
		}
		id := ""
		for _, a := range systemd.Assignments(data, false) {
			if a.Name == "ID" {
				id = a.Value()
			}
		}
		return id
	}
	return ""
}

// resolve returns the platform of a machine of this kind.
func (k kind) resolve(files rootfs.Root, running *kubelet.Process) (Platform, error) {
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
	if err := k.complete(files, &p, running); err != nil {
		return p, err
	}
	return p, p.checkPaths()
}

// checkPaths refuses paths that depend on the kubelet's working directory.
func (p *Platform) checkPaths() error {
	for _, f := range [...]struct{ name, path string }{{ConfigFlag, p.Config}, {BinDirFlag, p.BinDir}} {
		if !path.IsAbs(f.path) {
			return provider.WithHint(fmt.Errorf("the kubelet has --%s=%s, which is not an absolute path", f.name, f.path),
				"give the kubelet an absolute path, or name both of its paths with --kubelet-config and --bin-dir")
		}
	}
	return nil
}
