package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help has the same layout on every terminal, so that the reference in the documentation is what users see.
const (
	// Width is how many columns help and tables take at most.
	Width     = 80
	textStart = 28 // the column of the texts of flags
)

// SetHelp gives root and all commands below it help of at most 80 columns. Only what cannot be wrapped is
// wider: an example, and a word such as a long path.
func SetHelp(root *cobra.Command) {
	root.SetHelpFunc(func(command *cobra.Command, _ []string) {
		io.WriteString(command.OutOrStdout(), Help(command)) // nobody is told that help could not be written
	})
	root.SetUsageFunc(func(command *cobra.Command) error {
		_, err := io.WriteString(command.OutOrStderr(), usage(command))
		return err
	})
}

// Help returns the help of a command. Its Long text is wrapped again, except for indented lines.
func Help(command *cobra.Command) string {
	text := command.Long
	if text == "" {
		text = command.Short
	}
	return wrapText(text) + "\n" + usage(command)
}

// usage returns the help of a command without its description. The integration tests read the headings.
func usage(command *cobra.Command) string {
	var out strings.Builder
	out.WriteString("Usage:\n")
	if command.Runnable() {
		out.WriteString("  " + Wrap(command.UseLine(), 2, 6) + "\n")
	}
	if command.HasAvailableSubCommands() {
		out.WriteString("  " + command.CommandPath() + " [command]\n")
	}
	if command.HasExample() {
		out.WriteString("\nExamples:\n" + command.Example + "\n")
	}
	if command.HasAvailableSubCommands() {
		out.WriteString("\nAvailable Commands:\n")
		for _, below := range command.Commands() {
			if below.IsAvailableCommand() || below.Name() == "help" {
				head := fmt.Sprintf("  %-*s ", below.NamePadding(), below.Name())
				out.WriteString(head + Wrap(below.Short, len(head), len(head)) + "\n")
			}
		}
	}
	writeFlags(&out, "Flags", command.LocalFlags())
	writeFlags(&out, "Global Flags", command.InheritedFlags())
	if command.HasAvailableSubCommands() {
		fmt.Fprintf(&out, "\nUse \"%s [command] --help\" for more information about a command.\n", command.CommandPath())
	}
	return out.String()
}

func writeFlags(out io.StringWriter, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	out.WriteString("\n" + title + ":\n")
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Deprecated != "" {
			return
		}
		head, text := flagHead(flag)
		if len(head)+2 > textStart {
			head += "\n" + strings.Repeat(" ", textStart)
		} else {
			head += strings.Repeat(" ", textStart-len(head))
		}
		out.WriteString(head + Wrap(text, textStart, textStart) + "\n")
	})
}

// flagHead returns a flag with the name of its value, and its text with its default.
func flagHead(flag *pflag.Flag) (head, text string) {
	value, text := pflag.UnquoteUsage(flag)
	head = "      --" + flag.Name
	if flag.Shorthand != "" {
		head = "  -" + flag.Shorthand + ", --" + flag.Name
	}
	boolean := flag.Value.Type() == "bool"
	switch {
	case boolean:
	case flag.NoOptDefVal != "":
		head += "[=" + value + "]"
	default:
		head += " " + value
	}
	switch flag.DefValue {
	case "", "0", "0s", "[]", "false":
	default:
		text += " (default " + flag.DefValue + ")"
	}
	return head, text
}

// wrapText wraps paragraphs, which blank lines separate. Indented lines stay as they are.
func wrapText(text string) string {
	var out, paragraph strings.Builder
	end := func() {
		if paragraph.Len() > 0 {
			out.WriteString(Wrap(paragraph.String(), 0, 0) + "\n")
			paragraph.Reset()
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimRight(line, " \t"); line == "" || line[0] == ' ' || line[0] == '\t' {
			end()
			out.WriteString(strings.ReplaceAll(line, "\t", "  ") + "\n") // cobra's own have tabs
			continue
		}
		paragraph.WriteString(line + " ")
	}
	end()
	return out.String()
}

// Wrap breaks a text between words into lines of at most Width columns, without a line break at the end. A longer
// word is not broken. The first line begins at the column first, the others at indent.
func Wrap(text string, first, indent int) string {
	var out strings.Builder
	column := first
	for i, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > Width:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			out.WriteString(" ")
			column++
		}
		out.WriteString(word)
		column += width
	}
	return out.String()
}
