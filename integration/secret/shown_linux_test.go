package secret_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestShownOnTerminal: a credential that goes to a terminal comes with a note, in a pipe it does not.
func TestShownOnTerminal(t *testing.T) {
	const note = "pullpass: note: the output holds the credentials themselves"
	for script, want := range map[string]bool{
		`printf %s "$0" | "$@"; echo "ended with $?"`:                  true,
		`printf %s "$0" | "$@" | cat >/dev/null; echo "ended with $?"`: false,
	} {
		tty := newTerminal(t)
		c := call{args: []string{"--registry", "docker.io", "--username", "acme", "--password-stdin"}}
		shell := pullpass.NewProcess(t, "/bin/sh", c.environ(t), tty.line, append([]string{"-c", script, hubToken, binaries.Tested}, c.arguments()...)...)
		shell.Stdout, shell.Stderr = tty.line, tty.line
		shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		must(t, shell.Start())
		tty.see(t, "ended with 0")
		end(t, shell)
		if strings.Contains(tty.text(), note) != want || strings.Contains(tty.text(), "kind: Secret") != want {
			t.Errorf("%s: the screen has\n%s", script, tty.text())
		}
	}
}
