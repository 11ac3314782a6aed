package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/integration/release/archive"
	"github.com/pullpass/pullpass/integration/release/image"
	"github.com/pullpass/pullpass/integration/release/man"
	"github.com/pullpass/pullpass/integration/release/source"
)

// makeArchives makes the files of a release in the directory out. sbomTool is the path of
// cyclonedx-gomod.
func makeArchives(ctx context.Context, out string, platforms []source.Platform, sbomTool string) error {
	work, err := os.MkdirTemp("", "pullpass-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	inImage, err := buildAll(ctx, filepath.Join(work, "image"), onLinux(platforms))
	if err != nil {
		return err
	}
	index, err := image.New("LICENSE", inImage...)
	if err != nil {
		return err
	}
	if len(inImage) == 0 {
		return errors.New("a release has an image: name a platform of Linux")
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	contents, overlay, err := nameImage(work, imageName(inImage[0]), digest.String())
	if err != nil {
		return err
	}
	binaries, err := buildAll(ctx, filepath.Join(work, "archives"), platforms, "-overlay="+overlay)
	if err != nil {
		return err
	}
	common, err := commonFiles(".", contents)
	if err != nil {
		return err
	}
	_, tag, _ := strings.Cut(imageName(binaries[0]), ":")
	if err := writeChart(out, tag, binaries[0].Created, common); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "make the man pages")
	set, err := man.Generate(ctx, ".", binaries[0])
	if err != nil {
		return err
	}
	for _, binary := range binaries {
		if err := writeBinaryArchive(out, binary, common, set); err != nil {
			return err
		}
		if err := writeSBOM(ctx, sbomTool, filepath.Join(out, baseName(binary)+".cdx.json"), binary.Platform); err != nil {
			return err
		}
		if err := writeRaw(out, binary); err != nil {
			return err
		}
		if binary.Platform.OS == "linux" {
			if err := writePackages(out, binary, set); err != nil {
				return err
			}
		}
	}
	if err := writeManifests(out, binaries); err != nil {
		return err
	}
	if err := writeImageArchive(filepath.Join(out, "pullpass-"+binaries[0].Version+"-image.tar"), index, imageName(binaries[0])); err != nil {
		return err
	}
	if err := writeSchema(ctx, out); err != nil {
		return err
	}
	return writeChecksums(out)
}

// baseName is the name of an archive without its extension, and of the directory in it.
func baseName(binary source.Binary) string {
	return "pullpass-" + binary.Version + "-" + binary.Platform.OS + "-" + binary.Platform.Arch
}

// commonFiles are what all archives have besides the binary: the texts for people, and what a node
// needs. changed are those that are not as in the repository, by path.
func commonFiles(repository string, changed map[string][]byte) ([]archive.Entry, error) {
	var entries []archive.Entry
	add := func(path string) error {
		content, found := changed[path]
		var err error
		if !found {
			content, err = os.ReadFile(filepath.Join(repository, path))
		}
		entries = append(entries, archive.Entry{Name: path, Mode: 0o644, Data: content})
		return err
	}
	for _, path := range []string{"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md",
		"cache/README.md", "cmd/pullpass/README.md", "examples/README.md", "provider/README.md"} {
		if err := add(path); err != nil {
			return nil, err
		}
	}
	err := fs.WalkDir(os.DirFS(repository), "node-config", func(path string, found fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case found.IsDir():
			entries = append(entries, archive.Entry{Name: path + "/", Mode: 0o755})
			return nil
		case filepath.Ext(path) == ".go":
			return nil // what embeds the files into the binary
		}
		return add(path)
	})
	return entries, err
}

// setEntries are a program's man pages and completions. man can be in MANPATH.
func setEntries(set man.Set) []archive.Entry {
	entries := []archive.Entry{{Name: "completions/", Mode: 0o755}, {Name: "man/", Mode: 0o755}, {Name: "man/man1/", Mode: 0o755}}
	for directory, files := range map[string]map[string][]byte{"completions/": set.Completions, "man/man1/": set.Pages} {
		for name, content := range files {
			entries = append(entries, archive.Entry{Name: directory + name, Mode: 0o644, Data: content})
		}
	}
	slices.SortFunc(entries, func(a, b archive.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries
}

// archiveName is the name of a binary's archive.
func archiveName(binary source.Binary) string {
	if binary.Platform.OS == "windows" {
		return baseName(binary) + ".zip"
	}
	return baseName(binary) + ".tar.gz"
}

// writeBinaryArchive writes the archive of a binary into the directory out.
func writeBinaryArchive(out string, binary source.Binary, common []archive.Entry, set man.Set) error {
	program, err := os.ReadFile(binary.Path)
	if err != nil {
		return err
	}
	licences, err := source.Licences(binary)
	if err != nil {
		return err
	}
	entries := slices.Clone(common)
	if binary.Platform.OS != "windows" {
		entries = append(entries, setEntries(set)...)
	}
	entries = append(entries,
		archive.Entry{Name: "THIRD-PARTY-LICENSES", Mode: 0o644, Data: licences},
		archive.Entry{Name: filepath.Base(binary.Path), Mode: 0o755, Data: program})
	directory := baseName(binary) + "/"
	for i := range entries {
		entries[i].Name = directory + entries[i].Name
	}
	entries = append([]archive.Entry{{Name: directory, Mode: 0o755}}, entries...)

	write := archive.WriteTarGz
	if binary.Platform.OS == "windows" {
		write = archive.WriteZip
	}
	var content bytes.Buffer
	if err := write(&content, entries, binary.Created); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, archiveName(binary)), content.Bytes(), 0o644)
}

// writeSBOM writes the modules that a platform's binary is made of, as CycloneDX has them. Without
// the time and a serial number at random, the same commit gives the same file. What the tool takes
// for their licences is left out: it calls that of golang.org/x BSD-Source-Code, where it is
// BSD-3-Clause. THIRD-PARTY-LICENSES has the texts.
func writeSBOM(ctx context.Context, tool, path string, platform source.Platform) error {
	fmt.Fprintln(os.Stderr, "list what is in", platform)
	list := exec.CommandContext(ctx, tool, "app", "-json", "-std", "-noserial", "-notimestamp",
		"-main", "cmd/pullpass", "-output", path, ".")
	list.Env = source.Environment(platform)
	if output, err := list.CombinedOutput(); err != nil {
		return fmt.Errorf("make the SBOM for %s: %w\n%s", platform, err, output)
	}
	return nil
}

// writeChecksums writes the checksums of all files in a directory as sha256sum does.
func writeChecksums(directory string) error {
	entries, err := os.ReadDir(directory) // sorted by name
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(content), entry.Name())
	}
	return os.WriteFile(filepath.Join(directory, "checksums.txt"), []byte(lines.String()), 0o644)
}
