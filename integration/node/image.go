package node

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/integration/fetch"
)

// Image makes an image that is like no other, layers and all, so that a node has to pull it. It
// runs until it is told to end.
func Image(t testing.TB) v1.Image {
	t.Helper()
	pause, err := pauseProgram()
	if err != nil {
		t.Fatal(err)
	}
	return newImage(t, "/pause", map[string][]byte{"pause": pause, "name": []byte(rand.Text())})
}

// ProgramImage makes an image that runs a static program of this machine, and has nothing else.
func ProgramImage(t testing.TB, path string) v1.Image {
	t.Helper()
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return newImage(t, "/program", map[string][]byte{"program": program})
}

func newImage(t testing.TB, entrypoint string, files map[string][]byte) v1.Image {
	t.Helper()
	layer, err := layerOf(files)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{entrypoint}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// layerOf makes a layer of programs and other files, by name. It is not compressed, which takes long
// with the race detector.
func layerOf(files map[string][]byte) (v1.Layer, error) {
	var content bytes.Buffer
	size := 0
	for _, file := range files {
		size += len(file) + 4096 // with a header, and blocks that are filled up
	}
	content.Grow(size)
	archive := tar.NewWriter(&content)
	for name, file := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(file))}); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return static.NewLayer(content.Bytes(), types.DockerUncompressedLayer), nil
}

// program returns the static program of a directory below this one. The second time, Go's build
// cache has it.
func program(name string) ([]byte, error) {
	directory, err := os.MkdirTemp("", "pullpass-program-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "github.com/pullpass/pullpass/integration/node/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := fetch.Run(build); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// pauseProgram is in each image.
var pauseProgram = sync.OnceValues(func() ([]byte, error) { return program("pause") })
