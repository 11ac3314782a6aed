package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pullpass/pullpass"

type importRule struct {
	prefix, reason string
	allowed        []string
}

// importRules say which packages of this module a package may import, by prefix of the path
// below the module, the longest prefix first. What no rule covers may not exist.
var importRules = []importRule{
	{"provider/dockerhub", "Docker Hub's credentials are kept in Docker's configuration", []string{"provider", "provider/safefile", "provider/dockerconfig"}},
	{"provider/safefile", "the reader of files knows no backend", []string{"provider"}},
	{"provider/internal", "shared pieces of the backends know none of them", nil},
	{"provider/", "a backend knows no other backend and no cache, so that each can be read and dropped alone", []string{"provider", "provider/safefile", "provider/internal"}},
	{"provider", "dispatch decides whom to trust: it must not depend on whom it judges", nil},
	{"cache/filelock", "a lock knows nothing of what it guards", nil},
	{"cache", "the cache never sees a cloud", []string{"provider", "cache/filelock"}},
	{"node-config", "the files for nodes need no code", nil},
	{"cmd/", "the command puts everything together", []string{"provider", "cache", "node-config", "cmd"}},
}

// notLinked must not be in the binary that runs for each pull.
var notLinked = map[string]string{
	"k8s.io":                                 "its types bring the machinery of the Kubernetes API, which costs start time and memory",
	"github.com/aws/aws-sdk-go-v2/config":    "it brings the clients of all ways to log in, which are set up at every start; the tests compare with it",
	"github.com/aws/aws-sdk-go-v2/service":   "the schemas and endpoint rules of all operations are set up at every start; the tests compare with them",
	"google.golang.org/grpc":                 "it costs start time and size",
	"google.golang.org/api":                  "it costs start time and size",
	"github.com/distribution":                "the registry is for tests",
	"github.com/google/go-containerregistry": "the registry client is for tests",
	"testing":                                "tests only",
}

type goPackage struct {
	ImportPath, Dir string
	Standard        bool
	GoFiles         []string
	Imports         []string
	Module          *struct{ Path string }
}

// dependencies returns what the binary is made of, on both kinds of platforms.
func dependencies(t *testing.T) []goPackage {
	t.Helper()
	return append(dependenciesOn(t, "linux"), dependenciesOn(t, "windows")...)
}

func dependenciesOn(t *testing.T, goos string) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports,Module", module+"/...")
	list.Env = append(os.Environ(), "GOOS="+goos)
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Start(); err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(out); ; {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if err := list.Wait(); err != nil {
		t.Fatal(err)
	}
	return packages
}

func TestImports(t *testing.T) {
	for _, p := range dependencies(t) {
		for path, reason := range notLinked {
			if p.ImportPath == path || strings.HasPrefix(p.ImportPath, path+"/") {
				t.Errorf("the binary holds %s: %s", p.ImportPath, reason)
			}
		}
		if p.Module == nil || p.Module.Path != module {
			continue
		}
		own := strings.TrimPrefix(p.ImportPath, module+"/")
		rule := slices.IndexFunc(importRules, func(r importRule) bool {
			return own == r.prefix || strings.HasPrefix(own, strings.TrimSuffix(r.prefix, "/")+"/")
		})
		if rule < 0 {
			t.Errorf("no rule says what %s may import", own)
			continue
		}
		for _, imported := range p.Imports {
			name, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case ours && !allowed(importRules[rule].allowed, name, own):
				t.Errorf("%s imports %s: %s", own, name, importRules[rule].reason)
			case own == "provider" && !ours && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("provider imports %s: it needs nothing but the standard library", imported)
			}
		}
	}
}

// allowed reports whether importer may import imported: a package of its own internal ones,
// one of prefixes, or one below them. Of provider, only the command takes what is below.
func allowed(prefixes []string, imported, importer string) bool {
	if strings.HasPrefix(imported, importer+"/internal/") {
		return true
	}
	for _, prefix := range prefixes {
		below := strings.HasPrefix(imported, prefix+"/") && (prefix != "provider" || strings.HasPrefix(importer, "cmd/"))
		if imported == prefix || below {
			return true
		}
	}
	return false
}

// forbidden are the functions and variables that are allowed in the command alone, where tests
// can replace them.
var forbidden = map[string]string{
	"os.Getenv":          "the environment is passed in",
	"os.LookupEnv":       "the environment is passed in",
	"os.Environ":         "the environment is passed in",
	"os.ExpandEnv":       "the environment is passed in",
	"os.UserHomeDir":     "the environment is passed in",
	"os.Args":            "the command line belongs to the command",
	"os.Exit":            "only the command ends the process",
	"os.Stdin":           "stdio belongs to the command",
	"os.Stdout":          "stdio belongs to the command",
	"os.Stderr":          "stdio belongs to the command",
	"time.Now":           "the clock is passed in",
	"time.Since":         "the clock is passed in",
	"time.Until":         "the clock is passed in",
	"context.Background": "the context is passed in",
	"context.TODO":       "the context is passed in",
	"slog.Default":       "only the command writes messages",
	"slog.Debug":         "only the command writes messages",
	"slog.Info":          "only the command writes messages",
	"slog.Warn":          "only the command writes messages",
	"slog.Error":         "only the command writes messages",
	"fmt.Print":          "only the command writes messages",
	"fmt.Printf":         "only the command writes messages",
	"fmt.Println":        "only the command writes messages",
}

// watched are the packages of forbidden; under another name they would escape it.
var watched = []string{"os", "time", "context", "log/slog", "fmt"}

func TestSources(t *testing.T) {
	for _, p := range dependencies(t) {
		if p.Module == nil || p.Module.Path != module {
			continue
		}
		inCommand := strings.HasPrefix(p.ImportPath, module+"/cmd/pullpass") && !strings.Contains(p.ImportPath, "/internal/")
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			report := func(at token.Pos, text string) { t.Errorf("%s: %s", files.Position(at), text) }
			for _, imported := range file.Imports {
				checkImport(imported, inCommand, report)
			}
			for _, declaration := range file.Decls {
				checkDeclaration(declaration, report)
			}
			if !inCommand {
				checkCalls(file, report)
			}
		}
	}
}

func checkImport(imported *ast.ImportSpec, inCommand bool, report func(token.Pos, string)) {
	path := strings.Trim(imported.Path.Value, `"`)
	switch {
	case imported.Name != nil && imported.Name.Name == "_" && path != "embed":
		report(imported.Pos(), "a blank import: nothing registers itself here")
	case inCommand:
	case path == "log":
		report(imported.Pos(), "log outside the command: only the command writes messages")
	case imported.Name != nil && slices.Contains(watched, path):
		report(imported.Pos(), path+" under another name")
	}
}

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

func checkCalls(file *ast.File, report func(token.Pos, string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if reason, bad := forbidden[selector(s)]; bad {
				report(s.Pos(), selector(s)+" outside the command: "+reason)
			}
		}
		return true
	})
}

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

// TestTopLevel keeps the folders that the project's user fixed.
func TestTopLevel(t *testing.T) {
	expected := []string{"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "bin", "cache", "cmd", "examples", "go.mod", "go.sum", "integration", "node-config", "provider"}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(expected, name) {
			t.Errorf("%s stands at the top level", name)
		}
	}
}
