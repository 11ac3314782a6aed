// Package cmd has no code of its own. Its test holds the rules of the whole module: who imports
// whom, what a binary must not link, and where the operating system is touched.
package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pullpass/pullpass"

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
	{"provider/internal/", "shared pieces of the backends know none of them", nil},
	{"provider/await", "a wait knows nothing of what it waits for", nil},
	{"provider/plainjson", "a reader of JSON knows nothing of what it reads", nil},
	{"provider/safefile", "the reader of files knows no backend",
		[]string{"provider"}},
	{"provider/dockerhub", "Docker Hub's credentials are in Docker's configuration",
		[]string{"provider", "provider/safefile", "provider/dockerconfig"}},
	{"provider/", "a backend knows no other backend and no cache, so that each can be read and dropped alone",
		[]string{"provider", "provider/safefile", "provider/internal/"}},

	{"cache/filelock", "a lock knows nothing of what it guards",
		[]string{"provider/await"}},
	{"cache", "the cache never sees a cloud",
		[]string{"provider", "provider/plainjson", "cache/filelock"}},

	{"node-config", "the files for nodes need no code", nil},

	{"cmd/internal/env", "what the operating system gives does not depend on who uses it",
		[]string{"provider"}},
	{"cmd/internal/report", "findings are the same for all checks",
		[]string{"cmd/internal/env"}},
	{"cmd/internal/strictyaml", "the reader of YAML knows no document",
		[]string{"cmd/internal/report"}},
	{"cmd/internal/kubename", "Kubernetes' rules for names need nothing", nil},
	{"cmd/internal/atomicfile", "writing a file needs nothing", nil},
	{"cmd/internal/metrics", "metrics count fetches and make none",
		[]string{"cache/filelock"}},
	{"cmd/internal/config", "the config says what to do and does nothing",
		[]string{"provider", "provider/safefile", "cmd/internal/strictyaml"}},
	{"cmd/internal/pullsecret", "manifests are made and checked without asking anybody",
		[]string{"provider", "provider/dockerconfig", "cmd/internal/kubename", "cmd/internal/report", "cmd/internal/strictyaml"}},
	{"cmd/internal/backends", "the one list of backends: whoever needs to know them is given it",
		[]string{"provider", "provider/"}},
	{"cmd/internal/broker", "it joins backends and cache, for every command and every binary",
		[]string{"provider", "provider/await", "cache", "cmd/internal/backends", "cmd/internal/config", "cmd/internal/env", "cmd/internal/metrics"}},

	{"cmd/pullpass/internal/protocol", "the protocol knows nothing of how an answer is found",
		[]string{"provider", "provider/await", "provider/plainjson"}},
	{"cmd/pullpass/internal/cli", "stdio and exit codes are the same for all commands",
		[]string{"provider", "provider/await", "cmd/internal/env"}},
	{"cmd/pullpass/internal/kubelet", "it finds a process and knows no command", nil},
	{"cmd/pullpass/internal/kubeletconfig", "the kubelet's config knows no command, and backends only by what it is given",
		[]string{"provider", "node-config", "cmd/internal/kubename", "cmd/internal/report", "cmd/internal/strictyaml"}},
	{"cmd/pullpass/internal/rootfs", "files below a root need nothing", nil},
	{"cmd/pullpass/internal/nodefile", "replacing a file needs nothing of what is in it",
		[]string{"cmd/internal/atomicfile"}},
	{"cmd/pullpass/internal/systemd", "services are not only the kubelet's",
		[]string{"provider", "cmd/pullpass/internal/rootfs"}},
	{"cmd/pullpass/internal/platform", "a platform knows no command",
		[]string{"provider", "cmd/pullpass/internal/kubelet", "cmd/pullpass/internal/rootfs", "cmd/pullpass/internal/systemd"}},
	{"cmd/pullpass/internal/installer", "it changes a node's files, whoever asks for it",
		[]string{"provider", "cache/filelock", "cmd/internal/report", "cmd/pullpass/internal/kubelet", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/nodefile", "cmd/pullpass/internal/platform"}},
	{"cmd/pullpass/internal/apisettings", "it writes an entry in other forms",
		[]string{"provider", "cmd/internal/broker", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/platform", "cmd/pullpass/internal/pluginflags"}},
	{"cmd/pullpass/internal/entryflags", "two commands have these flags",
		[]string{"provider", "cmd/internal/broker", "cmd/pullpass/internal/kubeletconfig", "cmd/pullpass/internal/pluginflags"}},
	{"cmd/pullpass/internal/pluginflags", "it is read before anything else is set up", nil},
	{"cmd/pullpass/internal/secretcmd", "of the backends it knows only whose logins its flags give: Docker's configuration and Google's keys",
		[]string{"provider", "provider/safefile", "provider/dockerconfig", "provider/gcr", "cmd/internal/", "cmd/pullpass/internal/cli"}},
	{"cmd/pullpass/internal/", "a command puts the packages below it together, and knows the backends by their list",
		[]string{"provider", "provider/safefile", "cache", "node-config", "cmd/internal/", "cmd/pullpass/internal/"}},
	{"cmd/pullpass", "the list of commands, and the start of the process",
		[]string{"cmd/internal/", "cmd/pullpass/internal/"}},
}

// standardOnly are the packages that import nothing but the standard library, and what their rules allow.
var standardOnly = []string{"provider", "provider/await", "provider/plainjson"}

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
		"testing":                                "tests only",
	},
}

type goPackage struct {
	ImportPath, Dir, Name, Doc       string
	GoFiles, IgnoredGoFiles, Imports []string
}

// own is the package's path below the module.
func (p goPackage) own() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// platforms are those for which files of their own can be built. The binaries have no C code.
var platforms = []string{"linux", "windows", "darwin"}

// list returns the packages that arguments of go list name, once for each platform.
func list(t *testing.T, arguments ...string) []goPackage {
	t.Helper()
	var packages []goPackage
	for _, goos := range platforms {
		command := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Name,Doc,GoFiles,IgnoredGoFiles,Imports"}, arguments...)...)
		command.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
			var p goPackage
			if err := decoder.Decode(&p); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			packages = append(packages, p)
		}
	}
	return packages
}

// product returns the packages of this module that have code. The integration directory is a module of
// its own: it tests the binaries and may import what it likes.
func product(t *testing.T) []goPackage {
	t.Helper()
	return slices.DeleteFunc(list(t, module+"/..."), func(p goPackage) bool { return len(p.GoFiles) == 0 })
}

// errorOnce returns t.Errorf, which reports each text once: what is wrong is so on several platforms.
func errorOnce(t *testing.T) func(format string, args ...any) {
	reported := map[string]bool{}
	return func(format string, args ...any) {
		t.Helper()
		if text := fmt.Sprintf(format, args...); !reported[text] {
			reported[text] = true
			t.Error(text)
		}
	}
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
		for _, p := range list(t, "-deps", module+"/"+binary) {
			for name, reason := range forbidden {
				if covers(name, p.ImportPath) || covers(name+"/", p.ImportPath) {
					errorf("%s links %s: %s", binary, p.ImportPath, reason)
				}
			}
		}
	}
}

// maxLines is the most that a file has, so that it stays one subject.
const maxLines = 400

// TestFiles: each package says what it is for, main packages are two files, no file is long, and all are
// seen by these tests.
func TestFiles(t *testing.T) {
	errorf := errorOnce(t)
	packages := product(t)
	built := map[string]bool{}
	for _, p := range packages {
		for _, name := range p.GoFiles {
			built[filepath.Join(p.Dir, name)] = true
		}
	}
	for _, p := range packages {
		for _, name := range p.IgnoredGoFiles {
			if !strings.HasSuffix(name, "_test.go") && !built[filepath.Join(p.Dir, name)] {
				errorf("%s/%s is built for none of %v, and escapes these rules", p.own(), name, platforms)
			}
		}
		if p.Doc == "" {
			errorf("%s has no package comment", p.own())
		}
		for _, name := range p.GoFiles {
			if p.Name == "main" && name != "main.go" && name != "root.go" {
				errorf("%s/%s: package main has main.go and root.go, and all else is in packages", p.own(), name)
			}
			data, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(string(data), "\n"); lines > maxLines {
				errorf("%s/%s has %d lines, more than %d", p.own(), name, lines, maxLines)
			}
		}
	}
}

// forbidden are the functions and variables that only the main.go of a command may use. Everything
// else gets them passed, so that tests can replace them.
var forbidden = map[string]string{
	"os.Getenv":                 "the environment is passed in",
	"os.LookupEnv":              "the environment is passed in",
	"os.Environ":                "the environment is passed in",
	"os.ExpandEnv":              "the environment is passed in",
	"os.Setenv":                 "the environment is passed in",
	"os.UserHomeDir":            "the environment is passed in",
	"os.UserCacheDir":           "the environment is passed in",
	"os.UserConfigDir":          "the environment is passed in",
	"syscall.Getenv":            "the environment is passed in",
	"syscall.Environ":           "the environment is passed in",
	"os.Args":                   "the command line belongs to the command",
	"os.Exit":                   "only a command ends the process",
	"syscall.Exit":              "only a command ends the process",
	"os.Stdin":                  "stdio belongs to the command",
	"os.Stdout":                 "stdio belongs to the command",
	"os.Stderr":                 "stdio belongs to the command",
	"time.Now":                  "the clock is passed in",
	"time.Since":                "the clock is passed in",
	"time.Until":                "the clock is passed in",
	"context.Background":        "the context is passed in",
	"context.TODO":              "the context is passed in",
	"signal.Notify":             "the context is passed in",
	"signal.NotifyContext":      "the context is passed in",
	"http.ProxyFromEnvironment": "the proxy is passed in",
	"http.DefaultClient":        "it asks the proxy of the environment",
	"http.DefaultTransport":     "it asks the proxy of the environment",
	"slog.Default":              "only a command writes messages",
	"slog.Debug":                "only a command writes messages",
	"slog.Info":                 "only a command writes messages",
	"slog.Warn":                 "only a command writes messages",
	"slog.Error":                "only a command writes messages",
	"fmt.Print":                 "only a command writes messages",
	"fmt.Printf":                "only a command writes messages",
	"fmt.Println":               "only a command writes messages",
}

// watched are the packages of forbidden. Under another name they would escape it.
var watched = []string{"os", "os/signal", "syscall", "time", "context", "log/slog", "fmt", "net/http"}

// TestSources checks what the sources use, and what they declare.
func TestSources(t *testing.T) {
	errorf := errorOnce(t)
	for _, p := range product(t) {
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			report := func(at token.Pos, text string) { errorf("%s: %s", files.Position(at), text) }
			isMain := p.Name == "main" && path.Dir(p.own()) == "cmd" && name == "main.go"
			for _, imported := range file.Imports {
				checkImport(imported, isMain, report)
			}
			for _, declaration := range file.Decls {
				checkDeclaration(declaration, report)
			}
			if !isMain {
				checkCalls(file, report)
			}
		}
	}
}

// checkImport reports imports that escape the other checks, and those that do something by themselves.
func checkImport(imported *ast.ImportSpec, isMain bool, report func(token.Pos, string)) {
	path := strings.Trim(imported.Path.Value, `"`)
	switch {
	case imported.Name != nil && imported.Name.Name == "_" && path != "embed":
		report(imported.Pos(), "a blank import: nothing registers itself here")
	case isMain:
	case path == "log":
		report(imported.Pos(), "log: only env.Log writes messages")
	case imported.Name != nil && slices.Contains(watched, path):
		report(imported.Pos(), path+" under another name")
	}
}

// checkDeclaration reports what runs or can change outside of functions.
func checkDeclaration(declaration ast.Decl, report func(token.Pos, string)) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			report(d.Pos(), "an init function: it costs every start")
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return
		}
		for _, spec := range d.Specs {
			for i, name := range spec.(*ast.ValueSpec).Names {
				values := spec.(*ast.ValueSpec).Values
				embedded := selector(spec.(*ast.ValueSpec).Type) == "embed.FS" // read-only by its type
				if name.Name != "_" && !embedded && (i >= len(values) || !constantLike(values[i])) {
					report(name.Pos(), "the package variable "+name.Name+" can change: pass it in, or make it a constant")
				}
			}
		}
	}
}

// constantLike accepts sentinel errors, replacers and arrays, which nobody changes.
func constantLike(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CallExpr:
		name := selector(v.Fun)
		return name == "errors.New" || name == "strings.NewReplacer"
	case *ast.CompositeLit:
		_, array := v.Type.(*ast.ArrayType)
		return array && v.Type.(*ast.ArrayType).Len != nil
	}
	return false
}

// checkCalls reports uses of what is forbidden.
func checkCalls(file *ast.File, report func(token.Pos, string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if reason, bad := forbidden[selector(s)]; bad {
				report(s.Pos(), selector(s)+" outside main.go: "+reason)
			}
		}
		return true
	})
}

// selector returns NAME.NAME for such an expression, else "".
func selector(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if base, ok := s.X.(*ast.Ident); ok {
		return base.Name + "." + s.Sel.Name
	}
	return ""
}

// TestTopLevel keeps the directories that the project's owner fixed.
func TestTopLevel(t *testing.T) {
	expected := []string{"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "bin", "cache", "cmd", "examples", "go.mod", "go.sum", "integration", "node-config", "provider", "SECURITY.md"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(expected, name) {
			t.Errorf("%s is at the top level", name)
		}
	}
}
