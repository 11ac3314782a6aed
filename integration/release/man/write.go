package man

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// Write writes what Generate returns. It runs in pullpass, built with main.go.txt, and gets that program's arguments.
func Write(root *cobra.Command, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("%q are not a directory, a version and a date", args)
	}
	directory, version := args[0], args[1]
	seconds, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	date := time.Unix(seconds, 0).UTC()
	root.DisableAutoGenTag = true // it has the day of the release, and no more than that
	root.InitDefaultCompletionCmd()
	for name, write := range map[string]func(path string) error{
		"pullpass.bash": func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"pullpass.zsh":  root.GenZshCompletionFile,
		"pullpass.fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
	} {
		if err := write(filepath.Join(directory, name)); err != nil {
			return err
		}
	}
	escape(root)
	pages := filepath.Join(directory, "man1")
	if err := os.Mkdir(pages, 0o755); err != nil {
		return err
	}
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "pullpass " + version, Manual: "pullpass"}
	return doc.GenManTree(root, header, pages)
}

// escape escapes the texts of a command and those below it, which the generator takes for Markdown: in *.amazonaws.com
// and NAME_OF_IT is no emphasis.
func escape(command *cobra.Command) {
	command.Short = markdown(command.Short)
	command.Long = paragraphs(command.Long)
	for _, flags := range []*pflag.FlagSet{command.Flags(), command.PersistentFlags()} {
		flags.VisitAll(func(flag *pflag.Flag) {
			// The generator does not know that the quoted word is the name of the value.
			_, flag.Usage = pflag.UnquoteUsage(flag)
			flag.Usage = markdown(flag.Usage)
		})
	}
	for _, below := range command.Commands() {
		escape(below)
	}
}

var special = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`)

func markdown(text string) string { return special.Replace(text) }

// paragraphs escapes a text of several paragraphs. Those that are indented stay as they are, line by line.
func paragraphs(text string) string {
	all := strings.Split(text, "\n\n")
	for i, paragraph := range all {
		if strings.HasPrefix(paragraph, "  ") {
			all[i] = "```\n" + paragraph + "\n```"
		} else {
			all[i] = markdown(paragraph)
		}
	}
	return strings.Join(all, "\n\n")
}
