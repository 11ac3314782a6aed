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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/pullpass/pullpass"

// platforms are those for which files of their own can be built. The binaries have no C code.
var platforms = []string{"linux", "windows", "darwin"}

type goPackage struct {
	ImportPath, Dir, Name, Doc       string
	GoFiles, IgnoredGoFiles, Imports []string
}

// own is the package's path below the module.
func (p goPackage) own() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// list returns the packages that arguments of go list name, once for each platform.
func list(arguments ...string) ([]goPackage, error) {
	var packages []goPackage
	for _, goos := range platforms {
		command := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Name,Doc,GoFiles,IgnoredGoFiles,Imports"}, arguments...)...)
		command.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			return nil, err
		}
		for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
			var p goPackage
			if err := decoder.Decode(&p); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
			packages = append(packages, p)
		}
	}
	return packages, nil
}

var productOnce = sync.OnceValues(func() ([]goPackage, error) {
	packages, err := list(module + "/...")
	return slices.DeleteFunc(packages, func(p goPackage) bool { return len(p.GoFiles) == 0 }), err
})

// product returns the packages of this module that have code, once for each platform. The integration directory
// is a module of its own: it tests the binaries and may import what it likes.
func product(t *testing.T) []goPackage {
	t.Helper()
	packages, err := productOnce()
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// A source is a file of the product.
type source struct {
	goPackage
	name  string
	file  *ast.File
	files *token.FileSet
	names map[string]string // the import paths by the names in the file
}

func newSource(p goPackage, name string, files *token.FileSet, file *ast.File) source {
	s := source{p, name, file, files, map[string]string{}}
	version := regexp.MustCompile(`^v[0-9]+$`)
	for _, imported := range file.Imports {
		importPath, err := strconv.Unquote(imported.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(importPath)
		if version.MatchString(name) {
			name = path.Base(path.Dir(importPath))
		}
		name, _, _ = strings.Cut(name, ".") // yaml.v3
		if imported.Name != nil {
			name = imported.Name.Name
		}
		s.names[name] = importPath
	}
	return s
}

var sourcesOnce = sync.OnceValues(func() ([]source, error) {
	packages, err := productOnce()
	if err != nil {
		return nil, err
	}
	var sources []source
	seen := map[string]bool{}
	files := token.NewFileSet()
	for _, p := range packages {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			if seen[path] {
				continue
			}
			seen[path] = true
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return nil, err
			}
			sources = append(sources, newSource(p, name, files, file))
		}
	}
	return sources, nil
})

// sources returns all files of the product, each once.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := sourcesOnce()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// place is the file's path below the module.
func (s source) place() string { return s.own() + "/" + s.name }

// at is where a node is, for errors.
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.place(), s.files.Position(n.Pos()).Line)
}

// imported returns PATH.NAME for what NAME of another package is, with the path by which the file imports it,
// whatever the package is called there; else "".
func (s source) imported(e ast.Expr) string {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	base, ok := selector.X.(*ast.Ident)
	if !ok || s.names[base.Name] == "" {
		return ""
	}
	return s.names[base.Name] + "." + selector.Sel.Name
}

// lastName returns NAME of NAME or X.NAME, else "".
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// checkNeeded reports the keys of a table of exceptions that nothing used.
func checkNeeded(t *testing.T, table map[string]string, used map[string]bool) {
	t.Helper()
	for key := range table {
		if !used[key] {
			t.Errorf("%s is listed, and not needed", key)
		}
	}
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
