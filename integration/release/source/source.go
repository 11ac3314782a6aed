// Package source builds pullpass from its repository: the same bytes from the same commit and the
// same version of Go, wherever the repository stands and whatever the environment says.
package source

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A Platform is an operating system and an architecture, by Go's names for them.
type Platform struct{ OS, Arch string }

// ParsePlatform reads OS/ARCH.
func ParsePlatform(text string) (Platform, error) {
	system, architecture, found := strings.Cut(text, "/")
	if !found || system == "" || architecture == "" || strings.Contains(architecture, "/") {
		return Platform{}, fmt.Errorf("platform %q: not OS/ARCH", text)
	}
	return Platform{system, architecture}, nil
}

// String is the platform as OS/ARCH.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// A Binary is a built pullpass, as its own build information describes it.
type Binary struct {
	Path     string
	Platform Platform
	// Version is that of the commit's tag, or else Go's pseudo-version; +dirty at its end tells
	// of a work tree that was not as committed. "(devel)" if git was not asked.
	Version  string
	Revision string    // of the commit; empty if git was not asked
	Created  time.Time // the time of the commit, in UTC; 1970 if git was not asked
	Go       string    // the version of Go that built it
	// Modules are those whose code is in it besides pullpass's own.
	Modules []Module
}

// A Module is a Go module.
type Module struct{ Path, Version string }

// Build builds the pullpass of a repository's work tree into a file, with more flags of go build. It
// needs git, which tells the commit.
func Build(ctx context.Context, repository, path string, platform Platform, flags ...string) (Binary, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Binary{}, err
	}
	arguments := append([]string{"build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", path}, flags...)
	build := exec.CommandContext(ctx, "go", append(arguments, "./cmd/pullpass")...)
	build.Dir = repository
	build.Env = Environment(platform)
	if output, err := build.CombinedOutput(); err != nil {
		return Binary{}, fmt.Errorf("build pullpass for %s: %w\n%s", platform, err, output)
	}
	return ReadBinary(path)
}

// Environment is the process's own with all settled that the output of the go command depends
// on. An empty variable would not do: the go command then takes what go env -w wrote.
func Environment(platform Platform) []string {
	return append(os.Environ(),
		"GOOS="+platform.OS,
		"GOARCH="+platform.Arch,
		"CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly",
		"GOWORK=off",
		"GOAMD64=v1",
		"GOARM64=v8.0",
		"GOFIPS140=off",
	)
}

// ReadBinary describes a binary that is there.
func ReadBinary(path string) (Binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return Binary{}, err
	}
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	binary := Binary{
		Path:     path,
		Platform: Platform{settings["GOOS"], settings["GOARCH"]},
		Version:  info.Main.Version,
		Revision: settings["vcs.revision"],
		Created:  time.Unix(0, 0).UTC(),
		Go:       info.GoVersion,
	}
	for _, module := range info.Deps {
		binary.Modules = append(binary.Modules, Module{module.Path, module.Version})
	}
	if text := settings["vcs.time"]; text != "" {
		if binary.Created, err = time.Parse(time.RFC3339, text); err != nil {
			return Binary{}, fmt.Errorf("%s: time of the commit: %w", path, err)
		}
	}
	return binary, nil
}
