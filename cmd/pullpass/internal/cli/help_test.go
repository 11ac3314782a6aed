package cli

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestHelp(t *testing.T) {
	var text, path string
	root := &cobra.Command{
		Use: "tool [--text TEXT]...",
		Long: `A paragraph whose lines are shorter than they have to be,
and which is longer than one line of a terminal.

    an example, indented, which stays as it is although it is much too long for one line
	a tab
The end.`,
		Example: "  tool --text x",
		Run:     func(*cobra.Command, []string) {},
	}
	flags := root.Flags()
	flags.SortFlags = false
	flags.StringVarP(&text, "text", "t", "none", "a `word`, with many other words behind it, so that they take more than one line")
	flags.StringVar(&path, "a-long-name-of-a-flag", "", "a `path`")
	flags.Lookup("a-long-name-of-a-flag").NoOptDefVal = "x"
	flags.Bool("yes", false, "/a/path/that/nothing/can/break/and/that/is/longer/than/the/space/for/it (default no)")
	flags.Bool("secret", false, "hidden")
	if err := flags.MarkHidden("secret"); err != nil {
		t.Fatal(err)
	}
	root.PersistentFlags().Bool("all", false, "for all commands")
	below := &cobra.Command{Use: "below", Short: "A command below it, whose short text is long enough to need another line", Run: root.Run}
	root.AddCommand(below, &cobra.Command{Use: "hidden", Hidden: true, Run: root.Run})
	for command, want := range map[*cobra.Command]string{root: `A paragraph whose lines are shorter than they have to be, and which is longer
than one line of a terminal.

    an example, indented, which stays as it is although it is much too long for one line
  a tab
The end.

Usage:
  tool [--text TEXT]... [flags]
  tool [command]

Examples:
  tool --text x

Available Commands:
  below       A command below it, whose short text is long enough to need
              another line

Flags:
  -t, --text word           a word, with many other words behind it, so that
                            they take more than one line (default none)
      --a-long-name-of-a-flag[=path]
                            a path
      --yes                 /a/path/that/nothing/can/break/and/that/is/longer/than/the/space/for/it
                            (default no)
      --all                 for all commands

Use "tool [command] --help" for more information about a command.
`, below: `A command below it, whose short text is long enough to need another line

Usage:
  tool below

Global Flags:
      --all                 for all commands
`} {
		if got := Help(command); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", command.Name(), got, want)
		}
	}
}
