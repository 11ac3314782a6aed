package secret_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// A terminal is a pseudo-terminal, and what is seen on it.
type terminal struct {
	keyboard *os.File // and screen: the master
	line     *os.File // what a process has for its stdio: the slave

	mu     sync.Mutex
	screen bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	must(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	must(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	tty := &terminal{keyboard: master, line: slave}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		piece := make([]byte, 1024)
		for {
			n, err := master.Read(piece)
			if err != nil { // EIO: no process has it any more
				return
			}
			tty.mu.Lock()
			tty.screen.Write(piece[:n])
			tty.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		slave.Close()
		<-closed
		master.Close()
	})
	return tty
}

// text is all that was on the screen so far.
func (tty *terminal) text() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.screen.String()
}

// see waits until a text is on the screen.
func (tty *terminal) see(t *testing.T, text string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("the screen has:\n%s", tty.text())
		}
	}()
	waitFor(t, fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(tty.text(), text) })
}

func (tty *terminal) enter(t *testing.T, keys string) {
	t.Helper()
	_, err := tty.keyboard.WriteString(keys)
	must(t, err)
}

// echoes tells whether what is typed is shown.
func (tty *terminal) echoes(t *testing.T) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tty.keyboard.Fd()), unix.TCGETS)
	must(t, err)
	return state.Lflag&unix.ECHO != 0
}

// A session is a shell on a terminal that runs pullpass secret --password-stdin, with the Secret
// going to a file, and then reads a line.
type session struct {
	*terminal
	shell *pullpass.Process
	out   string
}

func newSession(t *testing.T) *session {
	t.Helper()
	const script = `trap : INT TERM; "$@" > "$0"; echo "ended with $?"; read -r line; echo "read $line"`
	s := &session{terminal: newTerminal(t), out: filepath.Join(t.TempDir(), "secret.yaml")}
	c := call{args: []string{"--registry", "docker.io", "--username", "acme", "--password-stdin", "-v"}}
	s.shell = pullpass.NewProcess(t, "/bin/sh", c.environ(t), s.line, append([]string{"-c", script, s.out, binaries.Tested}, c.arguments()...)...)
	s.shell.Stdout, s.shell.Stderr = s.line, s.line
	s.shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, s.shell.Start())
	s.see(t, "Password of acme for docker.io: ")
	if s.echoes(t) {
		t.Error("what is typed at the prompt is shown")
	}
	return s
}

// end checks that pullpass has ended with the code, and that the terminal is as it was: it shows
// what is typed.
func (s *session) end(t *testing.T, code int) {
	t.Helper()
	s.see(t, fmt.Sprintf("ended with %d", code))
	if !s.echoes(t) {
		t.Error("the terminal does not show what is typed")
	}
	s.enter(t, "visible\n")
	s.see(t, "read visible")
	end(t, s.shell)
	if before, _, _ := strings.Cut(s.text(), "read visible"); !strings.Contains(before, "visible") {
		t.Error("the terminal did not show what was typed")
	}
}

func TestPasswordFromTerminal(t *testing.T) {
	s := newSession(t)
	s.enter(t, hubToken+"\n")
	s.end(t, 0)
	if strings.Contains(s.text(), "canary") {
		t.Error("the password is on the screen")
	}
	if text := read(t, s.out); !strings.Contains(text, "kind: Secret") || strings.Contains(text, "Password") {
		t.Error("what is written is not a Secret alone")
	}
}

// TestNoPasswordFromTerminal ends the prompt in other ways.
func TestNoPasswordFromTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		keys string
		want string
	}{
		"Ctrl-C":                 {"\x03", "signal"},
		"Ctrl-C in the middle":   {"canary\x03", "signal"},
		"nothing":                {"\n", "it is empty"},
		"a deleted word, Ctrl-C": {"canary\x7f\x7f\x7f\x03", "signal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			s.enter(t, c.keys)
			s.end(t, 1)
			if strings.Contains(s.text(), "canary") || strings.Contains(s.text(), "can") {
				t.Errorf("what was typed is on the screen:\n%s", s.text())
			}
			_, errors, _ := strings.Cut(s.text(), "pullpass: error: ")
			if !strings.Contains(errors, c.want) {
				t.Errorf("no error says %q:\n%s", c.want, s.text())
			}
			if text := read(t, s.out); text != "" {
				t.Errorf("%d bytes are written", len(text))
			}
		})
	}
}

// TestTerminated ends the prompt by a signal that is sent to the process.
func TestTerminated(t *testing.T) {
	s := newSession(t)
	must(t, syscall.Kill(-s.shell.Process.Pid, syscall.SIGTERM)) // to the shell as well, which has a trap
	s.end(t, 1)
}
