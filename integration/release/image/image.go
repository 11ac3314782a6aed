// Package image makes pullpass's OCI image, from scratch and without any daemon. The same binaries
// give the same digest.
package image

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/integration/release/archive"
	"github.com/pullpass/pullpass/integration/release/source"
)

// New returns an index with an image for the platform of each binary. The binaries are static and
// for Linux, all of one commit. license is the path of LICENSE in the repository.
func New(license string, binaries ...source.Binary) (v1.ImageIndex, error) {
	text, err := os.ReadFile(license)
	if err != nil {
		return nil, err
	}
	roots, err := authoritiesModule(filepath.Dir(license))
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, binary := range binaries {
		image, err := newImage(text, roots, binary)
		if err != nil {
			return nil, fmt.Errorf("make the image for %s: %w", binary.Platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: binary.Platform.OS, Architecture: binary.Platform.Arch}},
		})
	}
	if len(binaries) > 0 {
		index = mutate.Annotations(index, labels(binaries[0])).(v1.ImageIndex)
	}
	return index, nil
}

func newImage(license []byte, roots source.Module, binary source.Binary) (v1.Image, error) {
	if err := checkStatic(binary); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(binary.Path)
	if err != nil {
		return nil, err
	}
	licences, err := source.Licences(binary, roots)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, part := range []struct {
		comment string
		entries []archive.Entry
	}{
		{"certificate authorities of Mozilla, users, licences", systemEntries(license, licences)},
		{"pullpass", programEntries(program)},
	} {
		layer, err := newLayer(part.entries, binary.Created)
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:   layer,
			History: v1.History{Created: v1.Time{Time: binary.Created}, CreatedBy: "make image", Comment: part.comment},
		})
		if err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	image, err = mutate.ConfigFile(image, configured(config, binary))
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, labels(binary)).(v1.Image), nil
}

// configured returns the config with what a container runtime needs to know.
func configured(config *v1.ConfigFile, binary source.Binary) *v1.ConfigFile {
	config = config.DeepCopy()
	config.OS, config.Architecture = binary.Platform.OS, binary.Platform.Arch
	config.Created = v1.Time{Time: binary.Created}
	config.Config = v1.Config{
		// By number, as the kubelet cannot tell of a name that it is not root's (runAsNonRoot).
		User:       fmt.Sprintf("%d:%d", nonroot, nonroot),
		Entrypoint: []string{"/" + programPath},
		// Nothing else is in these directories here; in a node's root, systemctl is.
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		WorkingDir: "/",
		Labels:     labels(binary),
	}
	return config
}

// labels are the keys of the OCI image specification. They are on the configs as labels, which is
// what most tools show, and on the manifests and the index as annotations, which is where
// registries look.
func labels(binary source.Binary) map[string]string {
	const repository = "https://github.com/pullpass/pullpass"
	values := map[string]string{
		"org.opencontainers.image.title":         "pullpass",
		"org.opencontainers.image.description":   "Gives every Kubernetes node the right credential for every private registry",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        repository,
		"org.opencontainers.image.url":           repository,
		"org.opencontainers.image.documentation": repository + "#readme",
		"org.opencontainers.image.version":       binary.Version,
		"org.opencontainers.image.created":       binary.Created.Format(time.RFC3339),
	}
	if binary.Revision != "" {
		values["org.opencontainers.image.revision"] = binary.Revision
	}
	return values
}

func newLayer(entries []archive.Entry, modified time.Time) (v1.Layer, error) {
	var content bytes.Buffer
	if err := archive.WriteTar(&content, entries, modified); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil }
	return tarball.LayerFromOpener(open,
		tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.DefaultCompression),
		tarball.WithCompressedCaching)
}
