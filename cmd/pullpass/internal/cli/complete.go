package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Choices makes shells complete a flag of a command with these values.
func Choices(command *cobra.Command, flag string, values ...string) {
	complete(command, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// ChoicesFor makes shells complete the values of a flag whose choices depend on the arguments.
func ChoicesFor(command *cobra.Command, flag string, values func(args []string) []string) {
	complete(command, flag, func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return values(args), cobra.ShellCompDirectiveNoFileComp
	})
}

// SetCompletion makes shells complete the arguments and the flags of root and of all commands below it that no
// completion has been set for: a file, path or directory by the name of a flag's value and by a FILE in Use, and
// nothing for all else.
func SetCompletion(root *cobra.Command) {
	if root.ValidArgsFunction == nil && !strings.Contains(root.Use, "FILE") {
		root.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, flags := range []*pflag.FlagSet{root.Flags(), root.PersistentFlags()} {
		flags.VisitAll(func(flag *pflag.Flag) {
			if _, found := root.GetFlagCompletionFunc(flag.Name); found {
				return
			}
			switch value, _ := pflag.UnquoteUsage(flag); value {
			case "file", "path":
				// Shells complete these if nothing is set.
			case "directory":
				complete(root, flag.Name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
			default:
				complete(root, flag.Name, cobra.NoFileCompletions)
			}
		})
	}
	for _, command := range root.Commands() {
		SetCompletion(command)
	}
}

func complete(command *cobra.Command, flag string, function cobra.CompletionFunc) {
	if err := command.RegisterFlagCompletionFunc(flag, function); err != nil {
		panic(err) // the flag is unknown, or has a completion
	}
}
