// Command release makes what is released of pullpass, of the work tree that it runs in:
//
//	release image [-push REFERENCE]... OUT PLATFORM...
//	release archives -sbom-tool CYCLONEDX-GOMOD OUT PLATFORM...
//
// OUT is a directory that is new or empty. The first makes the image of those platforms that are Linux:
// as an image layout of OCI in oci/, as an archive of that in pullpass.tar, and the digests of the
// whole and of each platform in digests. With -push it pushes the image as well. The second makes
// the files of a release: for each platform the binary, an archive with that, its man pages and completions, and a list
// of what is in the binary (SBOM), which cyclonedx-gomod makes; for Linux a deb and an rpm; a formula for Homebrew and a
// manifest for krew; the image; the Helm chart; and checksums.txt. What these archives and binaries have of
// node-config names that image by its digest. The binary in the image cannot: it is a part of what the digest is of.
//
// The same commit gives the same bytes, with the same version of Go. Of a work tree that is not as
// committed, both warn.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pullpass/pullpass/integration/release/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("image or archives?")
	}
	command := args[0]
	var references []string
	var sbomTool string
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	switch command {
	case "image":
		flags.Func("push", "push it to this `REFERENCE`, with the login of Docker's configuration", func(value string) error {
			references = append(references, value)
			return nil
		})
	case "archives":
		flags.StringVar(&sbomTool, "sbom-tool", "", "the `path` of cyclonedx-gomod")
	default:
		return fmt.Errorf("%s: neither image nor archives", command)
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return fmt.Errorf("%s: a directory and platforms have to be given", command)
	}
	platforms, err := parsePlatforms(flags.Args()[1:])
	if err != nil {
		return err
	}
	if err := makeEmpty(flags.Arg(0)); err != nil {
		return err
	}
	if command == "image" {
		return makeImage(ctx, flags.Arg(0), platforms, references)
	}
	return makeArchives(ctx, flags.Arg(0), platforms, sbomTool)
}

// makeEmpty makes the directory that everything is written into, and takes no other than a new or empty
// one: what is left of another commit would be released.
func makeEmpty(directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(directory)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty", directory)
	}
	return err
}

func parsePlatforms(texts []string) ([]source.Platform, error) {
	var platforms []source.Platform
	for _, text := range texts {
		platform, err := source.ParsePlatform(text)
		if err != nil {
			return nil, err
		}
		platforms = append(platforms, platform)
	}
	return platforms, nil
}
