// Command pullpass gives the kubelet the credential for an image's registry. It runs as a
// kubelet credential provider plugin: a CredentialProviderRequest on stdin, a
// CredentialProviderResponse on stdout.
package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"os/user"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(mainExitCode())
}

func mainExitCode() int {
	stdin := int(os.Stdin.Fd())
	stderr := os.Stderr
	p := &process{
		Args:     os.Args[1:],
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Terminal: term.IsTerminal(stdin),
		Home:     home(),
		Hostname: hostname(),
		Root:     isRoot(),
		Getenv:   os.Getenv,
		Environ:  os.Environ(),
		Now:      time.Now,
		Proxy:    http.ProxyFromEnvironment,
		AskPassword: func(ctx context.Context, prompt string) ([]byte, error) {
			return askPassword(ctx, stdin, stderr, prompt)
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.Guard = sync.OnceFunc(func() {
		hideStdio()
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		go func() {
			<-signals
			signal.Stop(signals) // a second one ends the process
			cancel()
		}()
	})
	return run(ctx, p)
}

// hideStdio keeps stdio from the libraries and the programs that they start: the kubelet reads
// stdout strictly, and waits for whoever holds its pipes open.
func hideStdio() {
	if null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0); err == nil {
		os.Stdin, os.Stdout, os.Stderr = null, null, null
	}
}

// home returns the user's home folder: systemd starts the kubelet without one in the
// environment.
func home() string {
	if folder, err := os.UserHomeDir(); err == nil {
		return folder
	}
	if account, err := user.Current(); err == nil {
		return account.HomeDir
	}
	return ""
}

// hostname returns the node's name, "" if it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// A process is what the operating system gives to a command.
type process struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Terminal bool   // stdin is one
	Home     string // the user's home folder; "" for none
	Hostname string
	Root     bool // the user is root, or an administrator on Windows
	Getenv   func(string) string
	Environ  []string
	Now      func() time.Time
	Proxy    func(*http.Request) (*url.URL, error) // as the environment says
	// AskPassword shows the prompt and reads a line without echo, from the terminal that stdin is.
	AskPassword func(ctx context.Context, prompt string) ([]byte, error)
	// Guard is to be called before what takes time or runs the code of others: it ends the
	// context at a signal and hides stdio. An answer from the cache does not pay for it.
	Guard func()
}
