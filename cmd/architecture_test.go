// Package cmd has no code of its own. Its tests hold the rules of the whole module. Each table of exceptions
// gives a reason, and an exception that nothing needs is an error.
//
//   - architecture_test.go: who imports whom, and what a binary must not link.
//   - sources_test.go: what sources must not have.
//   - opens_test.go: who opens files, runs programs and reads to the end.
//   - network_test.go: who connects.
//   - secrets_test.go: who gets hold of secrets, and who writes without hiding them.
//   - links_test.go: where the links of texts lead.
//
// product_test.go reads the sources for all of them, once.
package cmd

import (
	"slices"
	"strings"
	"testing"
)

// An importRule lists the packages of this module that a package may import, beside those below its
// own internal directory. Paths are below the module. A path that ends in a slash means all packages
// below it.
type importRule struct {
	packages string
	reason   string
	allowed  []string
}

// importRules are tried in this order: the first one that covers a package is its rule. It is an error
// if a package has no rule, and if a rule, or a path that it allows, is not needed.
var importRules = []importRule{
	{"provider", "dispatch decides whom to trust: it must not depend on whom it judges", nil},
	{"provider/internal/subprocess", "a program that gives credentials is trusted as a file that does",
		[]string{"provider", "provider/safefile"}},
	{"provider/internal/transport", "the one place of HTTP clients knows no backend",
		[]string{"provider", "provider/internal/authorities"}},
	{"provider/internal/authorities", "files of certificates are trusted as all others",
		[]string{"provider/safefile"}},
	{"provider/await", "a wait knows nothing of what it waits for", nil},
	{"provider/plainjson", "a reader of JSON knows nothing of what it reads", nil},
	{"provider/safefile", "the reader of files knows no backend",
		[]string{"provider"}},
	{"provider/scrub", "what hides secrets knows only those that it is given",
		[]string{"provider"}},
	{"provider/dockerhub", "Docker Hub's credentials are in Docker's configuration",
		[]string{"provider", "provider/safefile", "provider/dockerconfig"}},
	{"provider/", "a backend knows no other backend and no cache, so that each can be read and dropped alone",
		[]string{"provider", "provider/safefile", "provider/scrub", "provider/internal/"}},

	{"cache/filelock", "a lock knows nothing of what it guards",
		[]string{"provider/await"}},
	{"cache", "the cache never sees a cloud",
		[]string{"provider", "provider/plainjson", "provider/safefile", "cache/filelock"}},

	{"node-config", "the files for nodes need no code", nil},

	{"cmd/internal/env", "what the operating system gives does not depend on who uses it",
		[]string{"provider", "provider/scrub"}},
	{"cmd/internal/report", "findings are the same for all checks",
		[]string{"cmd/internal/env"}},
	{"cmd/internal/strictyaml", "the reader of YAML knows no document",
		[]string{"cmd/internal/report"}},
	{"cmd/internal/kubename", "Kubernetes' rules for names need nothing", nil},
	{"cmd/internal/atomicfile", "writing a file needs nothing", nil},
	{"cmd/internal/metrics", "metrics count fetches and make none",
		[]string{"cache/filelock"}},
	{"cmd/internal/eventlog", "a log knows nothing of what it is about",
		[]string{"cache/filelock"}},
	{"cmd/internal/config", "the config says what to do and does nothing",
		[]string{"provider", "provider/safefile", "cmd/internal/strictyaml"}},
	{"cmd/internal/pullsecret", "manifests are made and checked without asking anybody",
		[]string{"provider", "provider/dockerconfig", "cmd/internal/kubename", "cmd/internal/report", "cmd/internal/strictyaml"}},
	{"cmd/internal/backends", "the one list of backends: whoever needs to know them is given it",
		[]string{"provider", "provider/"}},
	{"cmd/internal/broker", "it joins backends and cache, for every command and every binary",
		[]string{"provider", "provider/await", "provider/scrub", "cache", "cmd/internal/backends", "cmd/internal/config", "cmd/internal/env", "cmd/internal/eventlog", "cmd/internal/metrics"}},

	{"cmd/pullpass/internal/protocol", "the protocol knows nothing of how an answer is found",
		[]string{"provider", "provider/await", "provider/plainjson"}},
	{"cmd/pullpass/internal/cli", "stdio and exit codes are the same for all commands",
		[]string{"provider", "provider/await", "provider/scrub", "cmd/internal/env"}},
	{"cmd/pullpass/internal/kubelet", "it finds a process and knows no command",
		[]string{"provider/safefile", "cmd/internal/strictyaml", "cmd/pullpass/internal/nodefile", "cmd/pullpass/internal/rootfs"}},
	{"cmd/pullpass/internal/kubeletconfig", "the kubelet's config knows no command, and backends only by what it is given",
		[]string{"provider", "node-config", "cmd/internal/kubename", "cmd/internal/report", "cmd/internal/strictyaml"}},
	{"cmd/pullpass/internal/rootfs", "files below a root need nothing of what is in them",
		[]string{"provider/safefile"}},
	{"cmd/pullpass/internal/nodefile", "replacing a file needs nothing of what is in it",
		[]string{"provider/safefile", "cmd/internal/atomicfile"}},
	{"cmd/pullpass/internal/systemd", "services are not only the kubelet's",
		[]string{"provider", "provider/safefile", "cmd/pullpass/internal/rootfs"}},
	{"cmd/pullpass/internal/platform", "a platform knows no command",
		[]string{"provider", "cmd/internal/strictyaml", "cmd/pullpass/internal/kubelet", "cmd/pullpass/internal/rootfs", "cmd/pullpass/internal/systemd"}},
	{"cmd/pullpass/internal/installer", "it changes a node's files, whoever asks for it",
		[]string{"provider", "provider/safefile", "cache/filelock", "cmd/internal/report", "cmd/pullpass/internal/kubelet", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/nodefile", "cmd/pullpass/internal/platform"}},
	{"cmd/pullpass/internal/apisettings", "it writes an entry in other forms",
		[]string{"provider", "cmd/internal/broker", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/platform", "cmd/pullpass/internal/pluginflags"}},
	{"cmd/pullpass/internal/entryflags", "two commands have these flags",
		[]string{"provider", "cmd/internal/broker", "cmd/pullpass/internal/cli", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/pluginflags"}},
	{"cmd/pullpass/internal/pluginflags", "it is read before anything else is set up", nil},
	{"cmd/pullpass/internal/secretcmd", "of the backends it knows only whose logins its flags give: Docker's configuration and Google's keys",
		[]string{"provider", "provider/await", "provider/safefile", "provider/dockerconfig", "provider/gcr", "cmd/internal/", "cmd/pullpass/internal/cli"}},
	{"cmd/pullpass/internal/", "a command puts the packages below it together, and knows the backends by their list",
		[]string{"provider", "provider/await", "provider/safefile", "cache", "node-config", "cmd/internal/", "cmd/pullpass/internal/"}},
	{"cmd/pullpass", "the list of commands, and the start of the process",
		[]string{"provider/await", "cmd/internal/", "cmd/pullpass/internal/"}},
}

// standardOnly are the packages that import nothing but the standard library, and what their rules allow.
var standardOnly = []string{"provider", "provider/await", "provider/plainjson", "provider/scrub"}

// notLinked are the modules and packages that must not be in a binary, by the binary.
var notLinked = map[string]map[string]string{
	"cmd/pullpass": {
		"k8s.io":                                 "its types bring the machinery of the Kubernetes API, which costs start time and memory",
		"github.com/aws/aws-sdk-go-v2/config":    "it brings the clients of all ways to log in, which are set up at every start; the tests compare with it",
		"github.com/aws/aws-sdk-go-v2/service":   "the schemas and endpoint rules of all operations are set up at every start; the tests compare with them",
		"google.golang.org/grpc":                 "it costs start time and size",
		"google.golang.org/api":                  "it costs start time and size",
		"github.com/distribution":                "the registry is for tests",
		"github.com/google/go-containerregistry": "the registry client is for tests",
		"github.com/spf13/cobra/doc":             "man pages are made at release, by a program of their own",
		"testing":                                "tests only",
	},
}

// covers reports whether a path is named by name, which covers all paths below it if it ends in a
// slash.
func covers(name, path string) bool {
	return path == name || strings.HasSuffix(name, "/") && strings.HasPrefix(path, name)
}

// TestImports checks the imports of each package against its rule.
func TestImports(t *testing.T) {
	errorf := errorOnce(t)
	needed := map[[2]string]bool{} // the packages of a rule, and a path that it allows or ""
	for _, p := range product(t) {
		own := p.own()
		i := slices.IndexFunc(importRules, func(r importRule) bool { return covers(r.packages, own) })
		if i < 0 {
			errorf("no rule says what %s may import", own)
			continue
		}
		rule := importRules[i]
		needed[[2]string{rule.packages}] = true
		for _, imported := range p.Imports {
			name, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				if slices.Contains(standardOnly, own) && strings.Contains(strings.Split(imported, "/")[0], ".") {
					errorf("%s imports %s: it needs nothing but the standard library", own, imported)
				}
				continue
			}
			allowed := strings.HasPrefix(name, own+"/internal/")
			for _, path := range rule.allowed {
				if covers(path, name) {
					allowed, needed[[2]string{rule.packages, path}] = true, true
				}
			}
			if !allowed {
				errorf("%s imports %s: %s", own, name, rule.reason)
			}
		}
	}
	for _, rule := range importRules {
		for _, path := range append([]string{""}, rule.allowed...) {
			if !needed[[2]string{rule.packages, path}] {
				errorf("the rule for %s is not needed: %q", rule.packages, path)
			}
		}
	}
}

// TestCommands: a command imports no other command. The commands are what package main imports.
func TestCommands(t *testing.T) {
	errorf := errorOnce(t)
	commands := map[string]bool{}
	packages := product(t)
	for _, p := range packages {
		for _, imported := range p.Imports {
			if name := strings.TrimPrefix(imported, module+"/"); p.Name == "main" && strings.HasPrefix(name, p.own()+"/internal/") {
				commands[name] = true
			}
		}
	}
	for _, shared := range []string{"cmd/pullpass/internal/cli", "cmd/pullpass/internal/pluginflags"} {
		delete(commands, shared)
	}
	if len(commands) < 6 {
		errorf("the commands are %v", commands)
	}
	for _, p := range packages {
		for _, imported := range p.Imports {
			if name := strings.TrimPrefix(imported, module+"/"); p.Name != "main" && commands[name] {
				errorf("%s imports the command %s: what both need is a package of its own", p.own(), name)
			}
		}
	}
}

// TestLinked checks what each binary links.
func TestLinked(t *testing.T) {
	errorf := errorOnce(t)
	for _, p := range product(t) {
		if p.Name == "main" && notLinked[p.own()] == nil {
			errorf("nothing says what the binary %s must not link", p.own())
		}
	}
	for binary, forbidden := range notLinked {
		packages, err := list("-deps", module+"/"+binary)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range packages {
			for name, reason := range forbidden {
				if covers(name, p.ImportPath) || covers(name+"/", p.ImportPath) {
					errorf("%s links %s: %s", binary, p.ImportPath, reason)
				}
			}
		}
	}
}
