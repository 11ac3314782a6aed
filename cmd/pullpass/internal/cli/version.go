package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// NewVersionCommand returns the command pullpass version.
func NewVersionCommand(stdio *Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, commit and platform",
		Args:  NoArguments,
		RunE: func(*cobra.Command, []string) error {
			return PrintVersion(stdio.Out)
		},
	}
}

// PrintVersion writes the version, the commit and the platform of this binary, on one line.
func PrintVersion(out io.Writer) error {
	_, err := fmt.Fprintln(out, version())
	return AsFailure(err)
}

// version describes the build, from what the Go linker recorded of it.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "pullpass, built without build information"
	}
	return describe(build)
}

// VersionOf returns what version prints of another pullpass, from its file, "" if the Go linker recorded
// nothing in it.
func VersionOf(program io.ReaderAt) string {
	build := buildInfoOf(program)
	if build == nil {
		return ""
	}
	return describe(build)
}

func describe(build *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, setting := range build.Settings {
		settings[setting.Key] = setting.Value
	}
	text := "pullpass " + build.Main.Version
	if commit := settings["vcs.revision"]; commit != "" {
		text += " commit " + commit
		if settings["vcs.modified"] == "true" {
			text += " with changes"
		}
	}
	return fmt.Sprintf("%s %s %s/%s", text, build.GoVersion, settings["GOOS"], settings["GOARCH"])
}
