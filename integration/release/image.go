package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/integration/release/image"
	"github.com/pullpass/pullpass/integration/release/source"
)

// makeImage makes the image, and pushes it to all references.
func makeImage(ctx context.Context, out string, platforms []source.Platform, references []string) error {
	work, err := os.MkdirTemp("", "pullpass-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binaries, err := buildAll(ctx, work, onLinux(platforms))
	if err != nil {
		return err
	}
	index, err := image.New("LICENSE", binaries...)
	if err != nil {
		return err
	}
	name := imageName(binaries[0])
	if len(references) > 0 {
		name = references[0]
	}
	if err := image.WriteLayout(filepath.Join(out, "oci"), index, name); err != nil {
		return err
	}
	if err := writeImageArchive(filepath.Join(out, "pullpass.tar"), index, name); err != nil {
		return err
	}
	digests, err := digestsOf(index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "digests"), []byte(digests), 0o644); err != nil {
		return err
	}
	for _, reference := range references {
		if err := image.Push(ctx, index, reference); err != nil {
			return err
		}
	}
	fmt.Printf("%s\n%s", name, digests)
	return nil
}

func onLinux(platforms []source.Platform) []source.Platform {
	var kept []source.Platform
	for _, platform := range platforms {
		if platform.OS == "linux" {
			kept = append(kept, platform)
		}
	}
	return kept
}

// imageName is the name of the image in archives, with a tag as the version without its v; a tag
// cannot have the + of a pseudo-version.
func imageName(binary source.Binary) string {
	return "ghcr.io/pullpass/pullpass:" + strings.ReplaceAll(strings.TrimPrefix(binary.Version, "v"), "+", "-")
}

func writeImageArchive(path string, index v1.ImageIndex, name string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := image.WriteArchive(file, index, name); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// digestsOf returns a line with the digest for "index", which is the image as a whole, and one for
// each platform.
func digestsOf(index v1.ImageIndex) (string, error) {
	digest, err := index.Digest()
	if err != nil {
		return "", err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return "", err
	}
	lines := "index " + digest.String() + "\n"
	for _, descriptor := range manifest.Manifests {
		lines += descriptor.Platform.String() + " " + descriptor.Digest.String() + "\n"
	}
	return lines, nil
}
