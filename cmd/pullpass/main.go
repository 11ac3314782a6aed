// Command pullpass gives the kubelet the credential for an image's registry. It runs as a
// kubelet credential provider plugin: a CredentialProviderRequest on stdin, a
// CredentialProviderResponse on stdout.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

func main() {
	os.Exit(mainExitCode())
}

func mainExitCode() int {
	stdin := int(os.Stdin.Fd())
	stderr := os.Stderr
	log := &env.Log{Out: stderr}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	directory, err := home()
	if err != nil {
		return cli.Fail(fmt.Errorf("find the user's home directory: %w", err), log)
	}
	e := &env.Env{
		Home:         directory,
		Hostname:     hostname(),
		Root:         env.IsRoot(),
		Getenv:       os.Getenv,
		Environ:      os.Environ(),
		Now:          time.Now,
		Proxy:        http.ProxyFromEnvironment,
		Log:          log,
		CatchSignals: sync.OnceFunc(func() { catchSignals(cancel, log) }),
		HideStdio:    sync.OnceFunc(hideStdio),
	}
	stdio := &cli.Stdio{
		In:       os.Stdin,
		Answer:   os.Stdout,
		Terminal: term.IsTerminal(stdin),
		Shown:    term.IsTerminal(int(os.Stdout.Fd())),
		AskPassword: func(ctx context.Context, prompt string) ([]byte, error) {
			return cli.AskPassword(ctx, stdin, stderr, prompt)
		},
	}
	return run(ctx, os.Args[1:], e, stdio)
}

// A command ends within a second of a signal: it may take stopTime for that, and what is said about one that
// does not may take sayTime.
const (
	stopTime = 700 * time.Millisecond
	sayTime  = 50 * time.Millisecond
)

// catchSignals calls stop at the first signal that asks the process to end. A command that does not end by
// that in time is ended here: it may wait for something that no context ends, such as a file system or the
// lookup of a name. All that commands write is written so that they can be killed at any time. A second
// signal ends the process at once.
func catchSignals(stop func(), log *env.Log) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		stop()
		time.Sleep(stopTime)
		said := make(chan struct{})
		go func() {
			log.Error(errors.New("stopped by a signal before it was done"))
			close(said)
		}()
		select {
		case <-said:
		case <-time.After(sayTime): // nobody reads stderr
		}
		os.Exit(cli.ExitFailed)
	}()
}

// hideStdio keeps stdio from libraries and from the programs that they start. The kubelet reads
// stdout strictly, and waits for every process that holds its pipes open.
func hideStdio() {
	if null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0); err == nil {
		os.Stdin, os.Stdout, os.Stderr = null, null, null
	}
}

// home returns the user's home directory, "" if there is none. systemd starts the kubelet without
// HOME. The error says why the list of users cannot be read: the files in a home that is not found
// would pass for missing.
func home() (string, error) {
	if directory, err := os.UserHomeDir(); err == nil {
		return directory, nil
	}
	account, err := user.LookupId(strconv.Itoa(os.Getuid())) // user.Current hides why it fails
	var unread *fs.PathError
	if errors.As(err, &unread) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return "", err
	}
	if err != nil {
		account, err = user.Current()
	}
	if err != nil {
		return "", nil
	}
	return account.HomeDir, nil
}

// hostname returns the node's name, "" if it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
