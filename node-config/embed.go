// Package nodeconfig has the files of this directory in the binary: what a node needs beside it.
package nodeconfig

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed README.md *.yaml *.service *.timer
//go:embed aks bottlerocket cloud-init daemonset eks gke k3s kind kops kubeadm monitoring openshift packer rke2 rotation talos
var files embed.FS

// Names returns the paths of the files below this directory, with slashes, in lexical order.
func Names() []string {
	var names []string
	walk := func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	}
	if err := fs.WalkDir(files, ".", walk); err != nil {
		panic(err) // the files are in the binary: there is nothing to go wrong
	}
	return names
}

// Read returns the content of a file by its path, as Names has it, or by the last part of that
// without its extension ("daemonset"), if only one file has it. Otherwise the error is
// fs.ErrNotExist and names the files that may be meant.
func Read(name string) ([]byte, error) {
	names := Names()
	if slices.Contains(names, name) {
		return files.ReadFile(name)
	}
	var found, near []string
	for _, n := range names {
		short := strings.TrimSuffix(path.Base(n), path.Ext(n))
		if short == name {
			found = append(found, n)
		}
		if name != "" && strings.Contains(strings.ToLower(n), strings.ToLower(name)) {
			near = append(near, n)
		}
	}
	switch {
	case len(found) == 1:
		return files.ReadFile(found[0])
	case len(found) > 1:
		return nil, fmt.Errorf("read %s: %w under this name alone; it may be %s", name, fs.ErrNotExist, strings.Join(found, ", "))
	case len(near) > 0:
		return nil, fmt.Errorf("read %s: %w; near it are %s", name, fs.ErrNotExist, strings.Join(near, ", "))
	}
	return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
}
