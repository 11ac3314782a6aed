package image_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/integration/release/image"
	"github.com/pullpass/pullpass/integration/release/source"
)

const (
	repository = "../../.."
	license    = repository + "/LICENSE"
)

// binaries are of the work tree, for linux/amd64 and linux/arm64.
var binaries []source.Binary

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBinaries(m.Run))
}

func withBinaries(run func() int) int {
	directory, err := os.MkdirTemp("", "pullpass-image-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	for _, architecture := range []string{"amd64", "arm64"} {
		platform := source.Platform{OS: "linux", Arch: architecture}
		binary, err := source.Build(context.Background(), repository, filepath.Join(directory, architecture, "pullpass"), platform)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		binaries = append(binaries, binary)
	}
	return run()
}

// testIndex returns the image of binaries, made once.
func testIndex(t *testing.T) v1.ImageIndex {
	t.Helper()
	index, err := makeIndex()
	if err != nil {
		t.Fatal(err)
	}
	return index
}

var makeIndex = sync.OnceValues(func() (v1.ImageIndex, error) { return image.New(license, binaries...) })

// images returns those of an index, with their architectures in its order.
func images(t *testing.T, index v1.ImageIndex) (found []v1.Image, architectures []string) {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range manifest.Manifests {
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if descriptor.Platform == nil || descriptor.Platform.OS != "linux" {
			t.Fatalf("the index has an image for %v", descriptor.Platform)
		}
		found = append(found, image)
		architectures = append(architectures, descriptor.Platform.Architecture)
	}
	return found, architectures
}

func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	hash, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

func TestIndex(t *testing.T) {
	index := testIndex(t)
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIImageIndex {
		t.Errorf("the index is of type %s", manifest.MediaType)
	}
	checkLabels(t, "annotations of the index", manifest.Annotations)
	found, architectures := images(t, index)
	if !slices.Equal(architectures, []string{"amd64", "arm64"}) {
		t.Fatalf("the index has images for %q", architectures)
	}
	for i, image := range found {
		manifest, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON {
			t.Errorf("types %s, %s", manifest.MediaType, manifest.Config.MediaType)
		}
		for _, layer := range manifest.Layers {
			if layer.MediaType != types.OCILayer {
				t.Errorf("a layer is of type %s", layer.MediaType)
			}
		}
		checkLabels(t, "annotations for "+architectures[i], manifest.Annotations)
	}
}

func TestConfig(t *testing.T) {
	found, architectures := images(t, testIndex(t))
	for i, image := range found {
		file, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if file.OS != "linux" || file.Architecture != architectures[i] || !file.Created.Equal(binaries[i].Created) {
			t.Errorf("for %s/%s, of %s", file.OS, file.Architecture, file.Created)
		}
		config := file.Config
		if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/usr/local/bin/pullpass"}) ||
			config.Cmd != nil || config.WorkingDir != "/" ||
			!slices.Equal(config.Env, []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}) {
			t.Errorf("config %+v", config)
		}
		checkLabels(t, "labels for "+architectures[i], config.Labels)
	}
}

func checkLabels(t *testing.T, what string, labels map[string]string) {
	t.Helper()
	for key, want := range map[string]string{
		"title":    "pullpass",
		"licenses": "Apache-2.0",
		"source":   "https://github.com/pullpass/pullpass",
		"version":  binaries[0].Version,
		"revision": binaries[0].Revision,
		"created":  binaries[0].Created.Format("2006-01-02T15:04:05Z"),
	} {
		if got := labels["org.opencontainers.image."+key]; got != want || got == "" {
			t.Errorf("%s: %s is %q, not %q", what, key, got, want)
		}
	}
	if labels["org.opencontainers.image.description"] == "" {
		t.Errorf("%s: no description", what)
	}
}

func TestSameDigest(t *testing.T) {
	again, err := image.New(license, binaries...)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := digest(t, testIndex(t)), digest(t, again); first != second {
		t.Errorf("%s, then %s", first, second)
	}
}

func TestNotStatic(t *testing.T) {
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	_, err = image.New(license, source.Binary{Path: shell, Platform: binaries[0].Platform})
	if err == nil || !strings.Contains(err.Error(), "is not static: build it with CGO_ENABLED=0") {
		t.Errorf("error %v", err)
	}
}
