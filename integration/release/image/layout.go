package image

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/pullpass/pullpass/integration/release/archive"
)

// WriteLayout writes an index into a new directory, as an image layout of the OCI image specification.
// The image's name, with a tag, is for containerd and for tools that ask for the tag. Beside the
// layout stands a manifest.json for a Docker that cannot read it; there, each of more platforms has
// a name of its own, such as pullpass:1.0-arm64.
func WriteLayout(directory string, index v1.ImageIndex, reference string) error {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return err
	}
	path, err := layout.Write(directory, empty.Index)
	if err != nil {
		return err
	}
	err = path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          tag.Name(),
		"org.opencontainers.image.ref.name": tag.TagStr(),
	}))
	if err != nil {
		return err
	}
	images, err := dockerImages(index, tag)
	if err != nil {
		return err
	}
	content, err := json.Marshal(images)
	if err != nil {
		return err
	}
	return path.WriteFile("manifest.json", content, 0o644)
}

// A dockerImage is an entry of the manifest.json of docker save.
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func dockerImages(index v1.ImageIndex, tag name.Tag) ([]dockerImage, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []dockerImage
	for _, descriptor := range manifest.Manifests {
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return nil, err
		}
		manifestOfImage, err := image.Manifest()
		if err != nil {
			return nil, err
		}
		entry := dockerImage{Config: blobPath(manifestOfImage.Config.Digest), RepoTags: []string{tag.Name()}}
		if len(manifest.Manifests) > 1 {
			entry.RepoTags[0] += "-" + descriptor.Platform.Architecture
		}
		for _, layer := range manifestOfImage.Layers {
			entry.Layers = append(entry.Layers, blobPath(layer.Digest))
		}
		images = append(images, entry)
	}
	return images, nil
}

// blobPath is where a layout has a blob.
func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

// WriteArchive writes an index as a tar of what WriteLayout writes: what skopeo calls an oci-archive,
// and what ctr images import, podman load and docker load read.
func WriteArchive(w io.Writer, index v1.ImageIndex, reference string) error {
	directory, err := os.MkdirTemp("", "pullpass-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	if err := WriteLayout(directory, index, reference); err != nil {
		return err
	}
	entries, err := entriesOf(directory)
	if err != nil {
		return err
	}
	return archive.WriteTar(w, entries, time.Unix(0, 0))
}

// entriesOf returns what is in a directory, sorted by name.
func entriesOf(directory string) ([]archive.Entry, error) {
	var entries []archive.Entry
	err := fs.WalkDir(os.DirFS(directory), ".", func(path string, found fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if found.IsDir() {
			entries = append(entries, archive.Entry{Name: path + "/", Mode: 0o755})
			return nil
		}
		content, err := os.ReadFile(filepath.Join(directory, path))
		entries = append(entries, archive.Entry{Name: path, Mode: 0o644, Data: content})
		return err
	})
	return entries, err
}
