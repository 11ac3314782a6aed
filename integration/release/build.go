package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/integration/release/source"
)

// buildAll builds pullpass for all platforms, in a directory below which each has its own. flags are more of go
// build's.
func buildAll(ctx context.Context, directory string, platforms []source.Platform, flags ...string) ([]source.Binary, error) {
	var binaries []source.Binary
	for _, platform := range platforms {
		name := "pullpass"
		if platform.OS == "windows" {
			name += ".exe"
		}
		fmt.Fprintln(os.Stderr, "build", platform)
		binary, err := source.Build(ctx, ".", filepath.Join(directory, platform.OS+"-"+platform.Arch, name), platform, flags...)
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, binary)
		if first := binaries[0]; binary.Version != first.Version || binary.Revision != first.Revision {
			return nil, fmt.Errorf("the work tree has changed during the build: %s is not %s", binary.Version, first.Version)
		}
	}
	if len(binaries) > 0 && strings.HasSuffix(binaries[0].Version, "+dirty") {
		fmt.Fprintf(os.Stderr, "warning: %s: the work tree is not as committed, and nobody else can make this again\n", binaries[0].Version)
	}
	return binaries, nil
}
