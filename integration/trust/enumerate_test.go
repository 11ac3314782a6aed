package trust_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deciders are the packages that read or run what decides, with the functions and types that do.
var deciders = map[string][]string{
	"safefile":    {"Read", "ReadRules", "ReadSecret", "Check", "CheckDir", "CheckClosed", "CheckProgram", "CheckPlace"},
	"authorities": {"Load", "CheckSystem"},
	"subprocess":  {"Command", "CheckLine"},
}

// inner are the packages that deciders are made of.
var inner = []string{"provider/internal/authorities", "provider/internal/subprocess"}

// elsewhere are the packages whose inputs are those of install, which its own tests are about.
var elsewhere = []string{
	"cmd/pullpass/internal/installcmd", "cmd/pullpass/internal/installer", "cmd/pullpass/internal/kubelet", "cmd/pullpass/internal/kubeletconfig",
	"cmd/pullpass/internal/nodefile", "cmd/pullpass/internal/platform", "cmd/pullpass/internal/rootfs", "cmd/pullpass/internal/systemd",
}

// TestInputs finds all functions that read or run what decides, all fields of the config that are paths, and
// all environment variables whose names say that they name a file: each has a case among inputs.
func TestInputs(t *testing.T) {
	covered := map[string]bool{}
	for name, input := range inputs {
		covered[name] = true
		for _, function := range input.code {
			covered[function] = true
		}
	}
	functions := map[string]bool{}
	for _, source := range sources(t) {
		for _, declaration := range source.file.Decls {
			where := source.pkg
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				where += "." + d.Name.Name
			case *ast.GenDecl:
				if d.Tok == token.TYPE {
					continue
				}
			}
			ast.Inspect(declaration, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					base, ok := n.X.(*ast.Ident)
					if ok && slices.Contains(deciders[base.Name], n.Sel.Name) && !slices.Contains(inner, source.pkg) && !slices.Contains(elsewhere, source.pkg) {
						functions[where] = true
					}
				case *ast.CompositeLit:
					if field := pathField(n); field != "" && !covered[filepath.Base(source.pkg)+"."+field] {
						t.Errorf("%s: the field %s.%s has no case", source.name, filepath.Base(source.pkg), field)
					}
				case *ast.BasicLit:
					if name, err := strconv.Unquote(n.Value); err == nil && namesFile(name) && !covered[name] {
						t.Errorf("%s: the variable %s has no case", source.name, name)
					}
				}
				return true
			})
		}
	}
	for _, function := range slices.Sorted(maps.Keys(functions)) {
		if !covered[function] {
			t.Errorf("%s has no case", function)
		}
	}
	for name, input := range inputs {
		for _, function := range input.code {
			if !functions[function] {
				t.Errorf("%s: %s does not read or run anything", name, function)
			}
		}
	}
}

// pathField returns the name of a field of the config whose check is CheckPath.
func pathField(literal *ast.CompositeLit) string {
	name, isPath := "", false
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch key, _ := pair.Key.(*ast.Ident); {
		case key == nil:
		case key.Name == "Name":
			if value, ok := pair.Value.(*ast.BasicLit); ok {
				name, _ = strconv.Unquote(value.Value)
			}
		case key.Name == "Check":
			value, ok := pair.Value.(*ast.SelectorExpr)
			isPath = ok && value.Sel.Name == "CheckPath"
		}
	}
	if !isPath {
		return ""
	}
	return name
}

// namesFile reports whether text is the name of an environment variable that names a file or a directory.
func namesFile(text string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	if strings.Trim(text, letters) != "" || !strings.Contains(text, "_") {
		return false
	}
	switch text {
	case "XDG_CACHE_HOME", "XDG_RUNTIME_DIR": // where the cache is, as PULLPASS_CACHE_DIR
		return false
	}
	return slices.ContainsFunc([]string{"_FILE", "_DIR", "_BUNDLE", "_CONFIG", "_CREDENTIALS", "_PATH", "_HOME"}, func(end string) bool {
		return strings.HasSuffix(text, end)
	})
}

// A source is a file of the product.
type source struct {
	pkg, name string
	file      *ast.File
}

// sources returns the product's, tests aside.
func sources(t *testing.T) []source {
	t.Helper()
	const repository = "../.."
	var list []source
	for _, top := range []string{"provider", "cache", "cmd"} {
		must(t, filepath.WalkDir(filepath.Join(repository, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && entry.Name() == "testdata" {
				return err
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_windows.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
			if err != nil {
				return err
			}
			pkg, err := filepath.Rel(repository, filepath.Dir(path))
			list = append(list, source{filepath.ToSlash(pkg), path, file})
			return err
		}))
	}
	return list
}
