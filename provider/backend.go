package provider

import (
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"time"
)

// A Backend is all that the rest of pullpass knows of a kind of provider. A new kind is a directory with
// a function that returns its Backend, and a line in the list in package backends.
type Backend struct {
	Name  string // as configs, scopes and metrics write it, such as gcr
	Title string // what messages call its registries, such as Google Artifact Registry
	Hosts Hosts  // of its registries; no other backend has any of them

	// Fields are the fields of its section in a rule of the config, in the order in which messages
	// name them.
	Fields []Field
	// New makes the provider of a rule. Settings have passed the checks of Fields; they are empty
	// for the built-in rule, and for all rules that set nothing: these share one provider.
	New func(Settings, Node) Provider

	// NodeIdentity says that the identity of the machine can get the tokens: no login is needed.
	NodeIdentity bool
	TokenIssuer  string        // what messages call who issues its tokens, such as Google; "" for none
	TokenLife    time.Duration // how long its tokens usually live; 0 if that is not known
	MaxTokenLife time.Duration // how long they live at the most, whatever an answer says; 0 if that is not known
	Usernames    []string      // the users that only its tokens and keys have

	// MetadataHosts and MetadataVariables say where the machine gets its identity: names of hosts,
	// and environment variables with a URL or a host. No proxy is used for these.
	MetadataHosts     []string // in lower case
	MetadataVariables []string

	// SecretVariables are the environment variables that hold secrets, or URLs and paths with secrets in
	// them (see scrub.InURL). No message shows those.
	SecretVariables []string
}

// Settings are the values of a section's fields by their names. A missing one is "".
type Settings map[string]string

// A Field is one of the strings in a backend's section of the config.
type Field struct {
	Name     string
	About    string                  // what it is, a sentence for the users of editors
	Form     string                  // a regular expression for editors, of all texts that Check accepts; "" for any
	Check    func(text string) error // what is wrong with a text, which is not empty; nil to accept any
	Needs    string                  // the field without which it is of no use; "" for none
	Excludes []string                // the fields that are another source for the same credential
}

// A Node is what a backend gets from the machine and the process.
type Node struct {
	Home      string                                // the user's home directory; "" for none
	ConfigDir string                                // pullpass's own, such as /etc/pullpass
	Getenv    func(string) string                   // the environment
	Environ   []string                              // the environment of programs to start
	Now       func() time.Time                      // the clock
	Proxy     func(*http.Request) (*url.URL, error) // the proxy for a request, nil for none
	Warn      func(string)                          // takes a line for people

	// Hide takes secrets, before they are sent to anybody and before anything can fail because of them.
	// No message and no kept failure shows them, see package scrub. The caller of Fetch hides the values
	// of SecretVariables and the credentials that Fetch returns.
	Hide func(secrets ...string)
}

// Backends is a list of backends, in the order of the built-in rules.
type Backends []Backend

// Names returns the names of all backends.
func (b Backends) Names() []string {
	var names []string
	for _, backend := range b {
		names = append(names, backend.Name)
	}
	return names
}

// Named returns the backend of that name, nil if there is none.
func (b Backends) Named(name string) *Backend {
	return b.find(func(backend *Backend) bool { return backend.Name == name })
}

// WithUsername returns the backend whose tokens or keys have that user, nil if there is none.
func (b Backends) WithUsername(username string) *Backend {
	return b.find(func(backend *Backend) bool { return slices.Contains(backend.Usernames, username) })
}

// Owner returns the backend that the image's host belongs to, and what the host name says. owner is nil if
// the host is no backend's.
func (b Backends) Owner(image Image) (owner *Backend, host Host) {
	owner = b.find(func(backend *Backend) (known bool) {
		host, known = backend.Hosts.Lookup(image)
		return known
	})
	return owner, host
}

// Serve reports whether the pattern can select a host of some backend.
func (b Backends) Serve(pattern Pattern) bool {
	return b.find(func(backend *Backend) bool { return pattern.CanSelect(backend.Hosts) }) != nil
}

func (b Backends) find(is func(*Backend) bool) *Backend {
	for i := range b {
		if is(&b[i]) {
			return &b[i]
		}
	}
	return nil
}

// PathForm is the Field.Form of absolute paths, on all systems.
const PathForm = `^(/|[A-Za-z]:[\\/]|\\\\)`

// CheckPath returns an error for a path that is not absolute. It is for Field.Check.
func CheckPath(path string) error {
	if !filepath.IsAbs(path) {
		return errors.New("must be an absolute path")
	}
	return nil
}
