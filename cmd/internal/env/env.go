// Package env has what the operating system gives a process, except stdio. A main package fills it in
// once and passes it on.
package env

import (
	"net/http"
	"net/url"
	"time"
)

// An Env is the environment of a process. Fields that a command does not use may be zero.
type Env struct {
	Home     string // the user's home directory; "" for none
	Hostname string // the node's name; "" for none
	Root     bool   // the user is root, or an administrator on Windows

	Getenv  func(string) string
	Environ []string
	Now     func() time.Time
	Proxy   func(*http.Request) (*url.URL, error) // the proxy of the environment, nil for none

	Log *Log

	// CatchSignals makes a signal end the context of the process. HideStdio keeps stdio from
	// libraries and from the programs that they start. Both are called before anything slow and
	// before code of libraries runs. A second call does nothing. An answer from the cache needs
	// neither, and does not pay for them.
	CatchSignals, HideStdio func()
}
