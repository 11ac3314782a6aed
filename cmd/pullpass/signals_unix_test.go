//go:build unix

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

const (
	// begun is when a command has come to where it waits.
	begun = 500 * time.Millisecond
	// most is how long it may take to end after a signal: a second, and what a busy machine adds to it.
	most = 5 * time.Second
)

// A scene has what commands wait for.
type scene struct {
	directory string
	fifo      string // nobody writes to it
	server    string // URL of a server that accepts and says nothing
	env       []string
}

func newScene(t *testing.T) scene {
	t.Helper()
	s := scene{directory: t.TempDir()}
	s.fifo = filepath.Join(s.directory, "fifo")
	must(t, syscall.Mkfifo(s.fifo, 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	s.server = "http://" + listener.Addr().String()
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PULLPASS_CACHE_DIR=" + filepath.Join(t.TempDir(), "cache"),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + s.server, "GCE_METADATA_HOST=" + listener.Addr().String(),
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A command is one of pullpass's, with the flags that take a path.
type command struct {
	name  []string
	flags []string
}

// allCommands returns all commands, the hidden ones as well. The plugin has no name.
func allCommands() []command {
	e := &env.Env{Getenv: func(string) string { return "" }, Log: &env.Log{}}
	return below(newRoot(&broker.Broker{Env: e}, &cli.Stdio{}), nil)
}

func below(c *cobra.Command, name []string) []command {
	own := command{name: name}
	for _, set := range []*pflag.FlagSet{c.Flags(), c.InheritedFlags()} {
		set.VisitAll(func(flag *pflag.Flag) {
			if value, _ := pflag.UnquoteUsage(flag); slices.Contains([]string{"file", "path", "directory"}, value) {
				own.flags = append(own.flags, "--"+flag.Name)
			}
		})
	}
	all := []command{own}
	for _, sub := range c.Commands() {
		all = append(all, below(sub, append(slices.Clone(name), sub.Name()))...)
	}
	return all
}

// arguments are those without which a command is an error of its own. Each command is here.
var arguments = map[string][]string{
	"":               {},
	"cache":          {},
	"cache clear":    {},
	"cache list":     {},
	"config":         {},
	"config check":   {"-"},
	"config kubelet": {},
	"config schema":  {},
	"config show":    {},
	"get":            {"123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"},
	"install":        {"--dry-run"},
	"secret":         {"regcred", "--registry", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"},
	"secret check":   {"-"},
	"uninstall":      {"--dry-run"},
	"version":        {},
	"wait":           {},
	"warm":           {"--registry", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"},
}

// waiting are the commands that wait for stdin, or for a server that does not answer. The others end by
// themselves.
var waiting = []string{"", "config check", "get", "secret", "secret check", "warm"}

// TestSignals gives each command what it may wait for, and a signal.
func TestSignals(t *testing.T) {
	for _, c := range allCommands() {
		name := strings.Join(c.name, " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, known := arguments[name]
			if !known {
				t.Fatalf("a new command: say what it waits for")
			}
			args = append(slices.Clone(c.name), args...)
			// Until it asks somebody, the plugin leaves signals to the kernel.
			plugin := name == ""

			// Nobody writes to its stdin, and servers do not answer.
			s := newScene(t)
			s.end(t, s.process(t, args...), syscall.SIGTERM, slices.Contains(waiting, name), plugin)

			if name == "wait" {
				return // that signal was all
			}
			// Nobody reads what it writes, which is why all commands wait.
			s = newScene(t)
			p := s.process(t, args...)
			p.Stdin = strings.NewReader("{}")
			p.Stdout, p.Stderr = full(t), full(t)
			s.end(t, p, os.Interrupt, true, plugin)

			// A FIFO for each path.
			for _, flag := range c.flags {
				s = newScene(t)
				s.end(t, s.process(t, append(slices.Clone(args), flag, s.fifo)...), syscall.SIGTERM, false, plugin)
			}
			if slices.Contains(args, "-") {
				s = newScene(t)
				s.end(t, s.process(t, append(slices.Clone(c.name), s.fifo)...), syscall.SIGTERM, true, false)
			}
		})
	}
}

// TestSignalInFetch: the plugin asks a server that does not answer.
func TestSignalInFetch(t *testing.T) {
	t.Parallel()
	const request = `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"%"}`
	for _, image := range []string{"123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app", "europe-docker.pkg.dev/project/repository/app"} {
		for name, stderr := range map[string]*os.File{"": nil, "and nobody reads": full(t)} {
			t.Run(image+name, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				p := s.process(t)
				p.Stdin = strings.NewReader(strings.Replace(request, "%", image, 1))
				if stderr != nil {
					p.Stderr = stderr
				}
				s.end(t, p, syscall.SIGTERM, true, false)
			})
		}
	}
}

// process is a pullpass whose stdin is never written to.
func (s scene) process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	p := exec.Command(os.Args[0], args...)
	p.Args[0] = "pullpass" // TestMain then runs main
	p.Env = s.env
	reader, writer, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	p.Stdin = reader
	return p
}

// end starts a process, gives it time and then a signal, after which it has to end in time. If it waits, it is
// still at work when the signal comes, and then ends with one error and exit code 1; if it mayDie, the
// signal may also have killed it.
func (s scene) end(t *testing.T, p *exec.Cmd, signal os.Signal, waits, mayDie bool) {
	t.Helper()
	var stderr bytes.Buffer
	if p.Stderr == nil {
		p.Stderr = &stderr
	}
	must(t, p.Start())
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	select {
	case <-ended:
		if waits {
			t.Errorf("%q does not wait: %v, %q", p.Args[1:], p.ProcessState, stderr.String())
		}
		return
	case <-time.After(begun):
	}
	must(t, p.Process.Signal(signal))
	at := time.Now()
	select {
	case <-ended:
	case <-time.After(most):
		t.Errorf("%q does not end within %v of the signal", p.Args[1:], most)
		p.Process.Kill()
		<-ended
	}
	took := time.Since(at)
	t.Logf("%q ends %v after the signal: %q", p.Args[1:], took.Round(time.Millisecond), stderr.String())
	if state := p.ProcessState.Sys().(syscall.WaitStatus); !waits || mayDie && state.Signaled() && state.Signal() == signal {
		return
	} else if state.ExitStatus() != 1 || p.Stderr == &stderr && strings.Count(stderr.String(), "pullpass: error: ") != 1 {
		t.Errorf("%q: %v, %q", p.Args[1:], p.ProcessState, stderr.String())
	}
}

// full returns a pipe that takes nothing more, and that nobody reads.
func full(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	must(t, writer.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
	for err == nil {
		_, err = writer.Write(make([]byte, 4096))
	}
	must(t, writer.SetWriteDeadline(time.Time{}))
	return writer
}
