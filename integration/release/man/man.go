// Package man makes the man pages and the shell completions of pullpass, with cobra's own generators. They are not in
// the binary: cobra's command tree cannot be imported from its package main, so that the program is built once more,
// with another main.go, in this module, which has the generator.
package man

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/pullpass/pullpass/integration/release/source"
)

//go:embed main.go.txt
var program []byte

// A Set is what a shell needs of a program besides the program. The contents are by the name of the file.
type Set struct {
	Pages       map[string][]byte // pullpass.1, pullpass-secret.1, …
	Completions map[string][]byte // pullpass.bash, pullpass.zsh, pullpass.fish
}

// Generate makes the set of the repository's work tree, whose version and time are those of a binary.
func Generate(ctx context.Context, repository string, binary source.Binary) (Set, error) {
	work, err := os.MkdirTemp("", "pullpass-man-")
	if err != nil {
		return Set{}, err
	}
	defer os.RemoveAll(work)
	replaced, err := filepath.Abs(filepath.Join(repository, "cmd", "pullpass", "main.go"))
	if err != nil {
		return Set{}, err
	}
	main, overlay, out := filepath.Join(work, "main.go"), filepath.Join(work, "overlay.json"), filepath.Join(work, "out")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {replaced: main}})
	if err != nil {
		return Set{}, err
	}
	for path, content := range map[string][]byte{main: program, overlay: replace} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return Set{}, err
		}
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		return Set{}, err
	}
	run := exec.CommandContext(ctx, "go", "run", "-overlay="+overlay, "github.com/pullpass/pullpass/cmd/pullpass",
		out, binary.Version, strconv.FormatInt(binary.Created.Unix(), 10))
	run.Dir = filepath.Join(repository, "integration")
	run.Env = source.Environment(source.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH})
	if output, err := run.CombinedOutput(); err != nil {
		return Set{}, fmt.Errorf("make the man pages: %w\n%s", err, output)
	}
	completions, err := readFiles(out)
	if err != nil {
		return Set{}, err
	}
	pages, err := readFiles(filepath.Join(out, "man1"))
	return Set{Pages: pages, Completions: completions}, err
}

// readFiles returns the files of a directory, by name.
func readFiles(directory string) (map[string][]byte, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		if files[entry.Name()], err = os.ReadFile(filepath.Join(directory, entry.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}
