package cmd

import (
	"go/ast"
	"go/parser"
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

// yamlReaders are what only package strictyaml may use of package yaml: it bounds what they read, and has no panic
// and no error of theirs, which quotes values.
var yamlReaders = []string{"yaml.Unmarshal", "yaml.NewDecoder"}

// TestYAML: only package strictyaml reads YAML, and only it and the reader of the kubelet's config, which sets
// them for JSON, have to do with the columns of nodes. Elsewhere a place of a node is a strictyaml.Source's.
func TestYAML(t *testing.T) {
	errorf := errorOnce(t)
	for _, p := range product(t) {
		if p.own() == "cmd/internal/strictyaml" {
			continue
		}
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				switch {
				case !ok:
				case slices.Contains(yamlReaders, selector(s)):
					errorf("%s: %s: strictyaml.Decode, Parse or Unmarshal", files.Position(s.Pos()), selector(s))
				case s.Sel.Name == "Column" && p.own() != "cmd/internal/config": // which compares them
					errorf("%s: a column: strictyaml.Source has the offset of a node", files.Position(s.Pos()))
				}
				return true
			})
			ast.Inspect(file, func(n ast.Node) bool {
				if index, ok := n.(*ast.IndexExpr); ok && usesLine(index.Index) {
					errorf("%s: the line of a node is an index: strictyaml.Source takes any line", files.Position(index.Pos()))
				}
				if slice, ok := n.(*ast.SliceExpr); ok && (usesLine(slice.Low) || usesLine(slice.High)) {
					errorf("%s: the line of a node is a bound: strictyaml.Source takes any line", files.Position(slice.Pos()))
				}
				return true
			})
		}
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
	"cmd/pullpass/main.go":                          "waits for a signal and cancels a context",
	"cmd/internal/broker/limit.go":                  "cancels a context with an error that has no input",
	"cmd/pullpass/internal/warm/warm.go":            "runs in await.Try",
	"cmd/pullpass/internal/secretcmd/registries.go": "runs in await.Try",
}

// TestGoroutines: goroutines are only in the files above. Everywhere else await.Result is the way.
func TestGoroutines(t *testing.T) {
	errorf := errorOnce(t)
	used := map[string]bool{}
	for _, p := range product(t) {
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			place := p.own() + "/" + name
			ast.Inspect(file, func(n ast.Node) bool {
				if !startsGoroutine(n) {
					return true
				}
				used[place] = true
				if goroutines[place] == "" {
					errorf("%s starts a goroutine, where a panic would end the process: use await.Result, or await.Try and a line in the table", place)
				}
				return true
			})
		}
	}
	for place := range goroutines {
		if !used[place] {
			t.Errorf("%s starts no goroutine any more", place)
		}
	}
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
