package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/integration/release/man"
	"github.com/pullpass/pullpass/integration/release/packages"
	"github.com/pullpass/pullpass/integration/release/source"
)

// writeRaw writes a binary as it is, by a name without the version: what nodes download when they boot.
func writeRaw(out string, binary source.Binary) error {
	program, err := os.ReadFile(binary.Path)
	if err != nil {
		return err
	}
	name := "pullpass-" + binary.Platform.OS + "-" + binary.Platform.Arch + filepath.Ext(binary.Path)
	return os.WriteFile(filepath.Join(out, name), program, 0o755)
}

// writePackages writes the packages of a binary for Linux. Their names are like those of the archives: the name that
// Debian's tools give a prerelease has a ~, which GitHub changes.
func writePackages(out string, binary source.Binary, set man.Set) error {
	licences, err := source.Licences(binary)
	if err != nil {
		return err
	}
	texts := map[string][]byte{"THIRD-PARTY-LICENSES": licences}
	for _, name := range []string{"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"} {
		if texts[name], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	for _, format := range packages.Formats() {
		var content bytes.Buffer
		if err := format.Write(&content, binary, set, texts); err != nil {
			return fmt.Errorf("make the package %s for %s: %w", format.Extension, binary.Platform, err)
		}
		if err := os.WriteFile(filepath.Join(out, baseName(binary)+format.Extension), content.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeManifests writes the files by which Homebrew and krew install from the archives in the directory out.
func writeManifests(out string, binaries []source.Binary) error {
	var archives []packages.Archive
	for _, binary := range binaries {
		content, err := os.ReadFile(filepath.Join(out, archiveName(binary)))
		if err != nil {
			return err
		}
		archives = append(archives, packages.Archive{
			Platform: binary.Platform,
			File:     archiveName(binary),
			SHA256:   fmt.Sprintf("%x", sha256.Sum256(content)),
		})
	}
	for name, make := range map[string]func(version string, archives []packages.Archive) ([]byte, error){
		"pullpass.rb":        packages.Homebrew,
		"pullpass-krew.yaml": packages.Krew,
	} {
		content, err := make(binaries[0].Version, archives)
		if err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
