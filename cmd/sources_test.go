package cmd

import (
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
	"os.Getenv":                     "the environment is passed in",
	"os.LookupEnv":                  "the environment is passed in",
	"os.Environ":                    "the environment is passed in",
	"os.ExpandEnv":                  "the environment is passed in",
	"os.Setenv":                     "the environment is passed in",
	"os.UserHomeDir":                "the environment is passed in",
	"os.UserCacheDir":               "the environment is passed in",
	"os.UserConfigDir":              "the environment is passed in",
	"syscall.Getenv":                "the environment is passed in",
	"syscall.Environ":               "the environment is passed in",
	"os.Args":                       "the command line belongs to the command",
	"os.Exit":                       "only a command ends the process",
	"syscall.Exit":                  "only a command ends the process",
	"os.Stdin":                      "stdio belongs to the command",
	"os.Stdout":                     "stdio belongs to the command",
	"os.Stderr":                     "stdio belongs to the command",
	"time.Now":                      "the clock is passed in",
	"time.Since":                    "the clock is passed in",
	"time.Until":                    "the clock is passed in",
	"context.Background":            "the context is passed in",
	"context.TODO":                  "the context is passed in",
	"os/signal.Notify":              "the context is passed in",
	"os/signal.NotifyContext":       "the context is passed in",
	"net/http.ProxyFromEnvironment": "the proxy is passed in",
	"net/http.DefaultClient":        "it asks the proxy of the environment",
	"net/http.DefaultTransport":     "it asks the proxy of the environment",
	"log/slog.Default":              "only a command writes messages",
	"log/slog.Debug":                "only a command writes messages",
	"log/slog.Info":                 "only a command writes messages",
	"log/slog.Warn":                 "only a command writes messages",
	"log/slog.Error":                "only a command writes messages",
	"fmt.Print":                     "only a command writes messages",
	"fmt.Printf":                    "only a command writes messages",
	"fmt.Println":                   "only a command writes messages",
}

// TestSources checks what the sources use, and what they declare.
func TestSources(t *testing.T) {
	for _, s := range sources(t) {
		isMain := s.Name == "main" && path.Dir(s.own()) == "cmd" && s.name == "main.go"
		for _, imported := range s.file.Imports {
			s.checkImport(t, imported, isMain)
		}
		for _, declaration := range s.file.Decls {
			s.checkDeclaration(t, declaration)
		}
		if !isMain {
			s.checkCalls(t)
		}
	}
}

// checkImport reports imports that escape the other checks, and those that do something by themselves.
func (s source) checkImport(t *testing.T, imported *ast.ImportSpec, isMain bool) {
	path := strings.Trim(imported.Path.Value, `"`)
	switch {
	case imported.Name != nil && imported.Name.Name == "_" && path != "embed":
		t.Errorf("%s: a blank import: nothing registers itself here", s.at(imported))
	case imported.Name != nil && imported.Name.Name == ".":
		t.Errorf("%s: an import without a name, which hides what is used of it", s.at(imported))
	case path == "log" && !isMain:
		t.Errorf("%s: log: only env.Log writes messages", s.at(imported))
	}
}

// checkDeclaration reports what runs or can change outside of functions.
func (s source) checkDeclaration(t *testing.T, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			t.Errorf("%s: an init function: it costs every start", s.at(d))
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return
		}
		for _, spec := range d.Specs {
			for i, name := range spec.(*ast.ValueSpec).Names {
				values := spec.(*ast.ValueSpec).Values
				embedded := s.imported(spec.(*ast.ValueSpec).Type) == "embed.FS" // read-only by its type
				if name.Name != "_" && !embedded && (i >= len(values) || !s.constantLike(values[i])) {
					t.Errorf("%s: the package variable %s can change: pass it in, or make it a constant", s.at(name), name.Name)
				}
			}
		}
	}
}

// constantLike accepts sentinel errors, replacers and arrays, which nobody changes.
func (s source) constantLike(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CallExpr:
		name := s.imported(v.Fun)
		return name == "errors.New" || name == "strings.NewReplacer"
	case *ast.CompositeLit:
		_, array := v.Type.(*ast.ArrayType)
		return array && v.Type.(*ast.ArrayType).Len != nil
	}
	return false
}

// checkCalls reports uses of what is forbidden.
func (s source) checkCalls(t *testing.T) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if reason, bad := forbidden[s.imported(e)]; bad {
				t.Errorf("%s: %s outside main.go: %s", s.at(e), s.imported(e), reason)
			}
		}
		return true
	})
}

// yamlReaders are what only package strictyaml may use of package yaml: it bounds what they read, and has no panic
// and no error of theirs, which quotes values.
var yamlReaders = []string{"gopkg.in/yaml.v3.Unmarshal", "gopkg.in/yaml.v3.NewDecoder"}

// TestYAML: only package strictyaml reads YAML, and has to do with the columns of nodes. Elsewhere a place of a
// node is a strictyaml.Source's.
func TestYAML(t *testing.T) {
	for _, s := range sources(t) {
		if s.own() == "cmd/internal/strictyaml" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if slices.Contains(yamlReaders, s.imported(n)) {
					t.Errorf("%s: %s: use strictyaml.Decode, Parse or Unmarshal", s.at(n), s.imported(n))
				}
				if n.Sel.Name == "Column" && s.own() != "cmd/internal/config" { // which compares them
					t.Errorf("%s: a column: strictyaml.Source has the offset of a node", s.at(n))
				}
			case *ast.IndexExpr:
				if usesLine(n.Index) {
					t.Errorf("%s: the line of a node is an index: strictyaml.Source takes any line", s.at(n))
				}
			case *ast.SliceExpr:
				if usesLine(n.Low) || usesLine(n.High) {
					t.Errorf("%s: the line of a node is a bound: strictyaml.Source takes any line", s.at(n))
				}
			}
			return true
		})
	}
}

// usesLine reports whether an expression has the line or the column of something in it.
func usesLine(e ast.Expr) bool {
	found := false
	if e != nil {
		ast.Inspect(e, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			found = found || ok && (s.Sel.Name == "Line" || s.Sel.Name == "Column")
			return true
		})
	}
	return found
}

// goroutines are the files that start goroutines or have functions called in them, and why a panic there does
// not end the process with a stack trace, which nothing outside the goroutine can prevent.
var goroutines = map[string]string{
	"provider/await/await.go":                       "all run in Try",
	"cache/filelock/filelock.go":                    "looks at a lock file and changes its size, and reads no input",
	"cmd/pullpass/main.go":                          "waits for a signal, cancels a context and ends the process",
	"cmd/internal/broker/limit.go":                  "cancels a context with an error that has no input",
	"cmd/pullpass/internal/warm/warm.go":            "runs in await.Try",
	"cmd/pullpass/internal/secretcmd/registries.go": "runs in await.Try",
}

// TestGoroutines: goroutines are only in the files above. Everywhere else await.Result is the way.
func TestGoroutines(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if !startsGoroutine(n) {
				return true
			}
			if used[s.place()] = true; goroutines[s.place()] == "" {
				t.Errorf("%s: a goroutine, where a panic would end the process: use await.Result, or await.Try and a line in the table", s.at(n))
			}
			return true
		})
	}
	checkNeeded(t, goroutines, used)
}

// startsGoroutine reports whether a node is a go statement, or calls a function that has another one called in
// a goroutine.
func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		return ok && (s.Sel.Name == "Go" || s.Sel.Name == "AfterFunc")
	}
	return false
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
