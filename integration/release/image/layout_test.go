package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullpass/pullpass/integration/release/image"
)

// The archive is read by the readers of its two formats.
func TestArchive(t *testing.T) {
	const reference = "registry.example.com/acme/pullpass:1.0"
	index := testIndex(t)
	path := filepath.Join(t.TempDir(), "pullpass.tar")
	var content, again bytes.Buffer
	for _, w := range []io.Writer{&content, &again} {
		if err := image.WriteArchive(w, index, reference); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(content.Bytes(), again.Bytes()) {
		t.Error("a second archive is another one")
	}
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	t.Run("as a layout of OCI", func(t *testing.T) {
		outer, err := layout.ImageIndexFromPath(unpack(t, content.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(outer); err != nil {
			t.Error(err)
		}
		manifest, err := outer.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest.String() != digest(t, index) {
			t.Fatalf("index.json has %+v", manifest.Manifests)
		}
		annotations := manifest.Manifests[0].Annotations
		if annotations["io.containerd.image.name"] != reference || annotations["org.opencontainers.image.ref.name"] != "1.0" {
			t.Errorf("the image is named %v", annotations)
		}
	})
	t.Run("as of docker save", func(t *testing.T) {
		found, architectures := images(t, index)
		for i, want := range found {
			tag, err := name.NewTag(reference + "-" + architectures[i])
			if err != nil {
				t.Fatal(err)
			}
			read, err := tarball.ImageFromPath(path, &tag)
			if err != nil {
				t.Fatal(err)
			}
			got, err := read.ConfigName()
			if err != nil {
				t.Fatal(err)
			}
			if config, err := want.ConfigName(); err != nil || got != config {
				t.Errorf("%s is %s, not %s (%v)", tag, got, config, err)
			}
			if len(filesOf(t, read)) != len(filesOf(t, want)) {
				t.Errorf("%s has other files", tag)
			}
		}
	})
	t.Run("of one platform", func(t *testing.T) {
		single, err := image.New(license, binaries[0])
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "single.tar"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := image.WriteArchive(file, single, reference); err != nil {
			t.Fatal(err)
		}
		tag, err := name.NewTag(reference)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tarball.ImageFromPath(file.Name(), &tag); err != nil {
			t.Error(err)
		}
	})
}

func TestArchiveNeedsTag(t *testing.T) {
	for _, reference := range []string{"registry.example.com/acme/pullpass", "pullpass:1.0", "registry.example.com/Acme:1.0"} {
		if err := image.WriteArchive(io.Discard, testIndex(t), reference); err == nil {
			t.Errorf("%s is taken", reference)
		}
	}
}

// unpack unpacks a tar into a directory and returns that.
func unpack(t *testing.T, content []byte) string {
	t.Helper()
	directory := t.TempDir()
	for archive := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return directory
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, header.Name)
		if header.Typeflag == tar.TypeDir {
			err = os.Mkdir(path, 0o755)
		} else {
			var file []byte
			if file, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, file, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
