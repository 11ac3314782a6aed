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
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(mainExitCode())
}

func mainExitCode() int {
	p := &process{
		Args:     os.Args[1:],
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())),
		Home:     home(),
		Getenv:   os.Getenv,
		Environ:  os.Environ(),
		Now:      time.Now,
		Proxy:    http.ProxyFromEnvironment,
	}
	// The kubelet reads stdout strictly, and waits for whoever holds its pipes open. Neither
	// the libraries nor the programs that they start get to see them.
	if null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0); err == nil {
		os.Stdin, os.Stdout, os.Stderr = null, null, null
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, p)
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

// A process is what the operating system gives to a command.
type process struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Terminal bool   // stdin is one
	Home     string // the user's home folder; "" for none
	Getenv   func(string) string
	Environ  []string
	Now      func() time.Time
	Proxy    func(*http.Request) (*url.URL, error) // as the environment says
}
