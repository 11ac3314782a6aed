package man_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/integration/release/man"
)

// TestWrite: texts of commands are no Markdown.
func TestWrite(t *testing.T) {
	root := &cobra.Command{
		Use:   "toy",
		Short: "Show *.example.com and *.example.org",
		Long:  "Of *.example.com and NAME_OF_IT, the `first` [one]:\n\n  kept   as\n  it_is_ *here*\n\nThe <end> of it, with a \\.",
		Run:   func(*cobra.Command, []string) {},
	}
	root.Flags().String("from", "", "the `file` with *, _ and <")
	directory := t.TempDir()
	if err := man.Write(root, []string{directory, "v1.2.3", "1700000000"}); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(directory, "man1", "toy.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`.TH "TOY" "1" "Nov 2023" "pullpass v1.2.3" "pullpass"` + "\n",
		"toy - Show *.example.com and *.example.org\n",
		"Of *.example.com and NAME_OF_IT, the `first` [one]:\n",
		".EX\n  kept   as\n  it_is_ *here*\n.EE\n",
		"The <end> of it, with a \\\\.\n",
		"\tthe file with *, _ and <\n",
	} {
		if !strings.Contains(strings.ReplaceAll(string(page), `\&`, ""), want) { // \& has no width
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	for _, name := range []string{"pullpass.bash", "pullpass.zsh", "pullpass.fish"} {
		if info, err := os.Stat(filepath.Join(directory, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteArguments(t *testing.T) {
	for _, args := range [][]string{nil, {t.TempDir(), "v1.2.3", "yesterday"}, {filepath.Join(t.TempDir(), "missing"), "v1.2.3", "1"}} {
		if err := man.Write(&cobra.Command{Use: "toy"}, args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
