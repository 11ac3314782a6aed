package configcmd

import (
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// completeName completes the NAME of config show: by the short names of files, or by their paths as soon as a
// directory was typed. A file without a short name has its path alone.
func completeName(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := nodeconfig.Names()
	if strings.Contains(typed, "/") {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	files := map[string]int{} // by short name
	for _, name := range names {
		files[shortName(name)]++
	}
	var completions []string
	for _, name := range names {
		if files[shortName(name)] == 1 {
			name = shortName(name)
		}
		completions = append(completions, name)
	}
	slices.Sort(completions)
	return completions, cobra.ShellCompDirectiveNoFileComp
}

// shortName is the last part of a path without its extension.
func shortName(name string) string {
	return strings.TrimSuffix(path.Base(name), path.Ext(name))
}
