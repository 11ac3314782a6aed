package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit it was built from and the platform",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return printVersion(p.Stdout)
		},
	}
}

func printVersion(out io.Writer) error {
	_, err := fmt.Fprintln(out, version())
	return asFailure(err)
}

// version describes the build, from what the Go linker recorded of it.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "pullpass, built without build information"
	}
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
	return fmt.Sprintf("%s %s %s/%s", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
