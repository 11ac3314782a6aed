// Package packages makes what package managers install pullpass from: the packages of Debian and of RPM's distributions,
// a formula for Homebrew, and a plugin manifest for krew. The same release gives the same bytes.
package packages

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"

	"github.com/pullpass/pullpass/integration/release/man"
	"github.com/pullpass/pullpass/integration/release/source"
)

const (
	homepage = "https://github.com/pullpass/pullpass"
	license  = "Apache-2.0"

	description = `kubelet credential provider for Amazon ECR, Google Artifact Registry and Docker Hub
Before each image pull the kubelet asks pullpass for the registry's credential.
This package installs the command and changes no kubelet. To set this node up,
run as root: pullpass install --dry-run, then pullpass install --restart.
Removing this package does not undo that; pullpass uninstall --restart does.`
)

// A Format is a kind of package.
type Format struct {
	Extension string
	packager  nfpm.Packager
	zsh       string // the directory where this kind of distribution has completions for zsh
	license   string // the path of pullpass's own licence
}

// Formats are the kinds of packages for Linux.
func Formats() []Format {
	return []Format{
		{".deb", deb.Default, "/usr/share/zsh/vendor-completions", docs + "copyright"},
		{".rpm", rpm.DefaultRPM, "/usr/share/zsh/site-functions", docs + "LICENSE"},
	}
}

const docs = "/usr/share/doc/pullpass/"

// Write writes the package of a binary. texts are its documents, by the name of the file; LICENSE has to be there.
func (f Format) Write(w io.Writer, binary source.Binary, set man.Set, texts map[string][]byte) error {
	work, err := os.MkdirTemp("", "pullpass-package-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	content, err := f.content(set, texts)
	if err != nil {
		return err
	}
	modified := binary.Created
	info := func(mode os.FileMode) *files.ContentFileInfo {
		return &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: modified}
	}
	contents := files.Contents{
		{Source: binary.Path, Destination: "/usr/bin/pullpass", FileInfo: info(0o755)},
		{Destination: docs, Type: files.TypeDir, FileInfo: info(0o755)},
	}
	for i, path := range slices.Sorted(maps.Keys(content)) {
		stored := filepath.Join(work, fmt.Sprint(i))
		if err := os.WriteFile(stored, content[path], 0o600); err != nil {
			return err
		}
		contents = append(contents, &files.Content{Source: stored, Destination: path, FileInfo: info(0o644)})
	}
	return f.packager.Package(nfpm.WithDefaults(&nfpm.Info{
		Name:            "pullpass",
		Arch:            binary.Platform.Arch,
		Platform:        binary.Platform.OS,
		Version:         binary.Version,
		Section:         "admin",
		Priority:        "optional",
		Maintainer:      "The pullpass maintainers <" + homepage + "/issues>",
		Description:     description,
		Homepage:        homepage,
		License:         license,
		MTime:           modified,
		DisableGlobbing: true, // the paths are names, not patterns
		Overridables: nfpm.Overridables{
			Contents: contents,
			RPM:      nfpm.RPM{BuildHost: "localhost"}, // not who made it
		},
	}), w)
}

// content returns all files but the binary, by their path on the node.
func (f Format) content(set man.Set, texts map[string][]byte) (map[string][]byte, error) {
	content := map[string][]byte{
		"/usr/share/bash-completion/completions/pullpass":    set.Completions["pullpass.bash"],
		f.zsh + "/_pullpass":                                 set.Completions["pullpass.zsh"],
		"/usr/share/fish/vendor_completions.d/pullpass.fish": set.Completions["pullpass.fish"],
	}
	for name, text := range texts {
		path := docs + name
		if name == "LICENSE" {
			path = f.license
		}
		content[path] = text
	}
	for name, page := range set.Pages {
		compressed, err := compress(page)
		if err != nil {
			return nil, err
		}
		content["/usr/share/man/man1/"+name+".gz"] = compressed
	}
	return content, nil
}

// compress compresses by gzip, without a name and a time.
func compress(content []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}
