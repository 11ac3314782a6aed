package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// openers are the functions that open a file by its path, list a directory or run a program. What a file or a
// program of others says decides where credentials come from and go, and a file can be endless or a FIFO. So
// safefile reads files, and subprocess runs programs; the packages of mayOpen have their reasons.
var openers = []string{
	"os.ReadFile", "os.Open", "os.OpenFile", "os.OpenInRoot", "os.OpenRoot", "os.Create", "os.WriteFile", "os.ReadDir", "os.DirFS", "os.CopyFS", "os.StartProcess",
	"ioutil.ReadFile", "ioutil.ReadDir", "ioutil.ReadAll", "filepath.Walk", "filepath.WalkDir", "filepath.Glob",
	"exec.Command", "exec.CommandContext", "exec.LookPath", "syscall.Open", "syscall.Openat", "syscall.Exec", "syscall.ForkExec", "unix.Open", "unix.Openat", "unix.Openat2", "unix.Exec",
	"tls.LoadX509KeyPair", "x509.SystemCertPool", "template.ParseFiles", "template.ParseGlob",
}

// An opening allows a package to use openers.
type opening struct {
	pkg, reason string
	functions   []string
}

// mayOpen are the packages that use openers. It is an error if one of the functions is not needed.
var mayOpen = []opening{
	{"provider/safefile", "it is who checks", []string{"os.OpenFile", "os.Open"}},
	{"provider/internal/authorities", "the directory has been checked by safefile", []string{"os.Open"}},
	{"provider/internal/subprocess", "the program has been checked by safefile", []string{"exec.CommandContext", "exec.LookPath"}},

	{"cache", "the directory and all above it have been checked, and entries are bounded", []string{"os.OpenFile", "os.ReadDir"}},
	{"cache/filelock", "of the file it reads nothing", []string{"os.OpenFile"}},
	{"cmd/internal/atomicfile", "a new file without a name", []string{"unix.Open"}},
	{"cmd/internal/metrics", "they decide nothing, are of this user alone, and are bounded", []string{"os.OpenRoot"}},

	{"cmd/pullpass", "the null device, for programs that it starts", []string{"os.OpenFile"}},
	{"cmd/pullpass/internal/cli", "a file that somebody names at a shell, to have it checked; it is bounded", []string{"os.Open"}},
	{"cmd/pullpass/internal/kubelet", "the names of processes in procfs", []string{"os.ReadDir"}},
	{"cmd/pullpass/internal/kubeletconfig", "the names of files, and whether a plugin can be run", []string{"exec.LookPath", "os.ReadDir"}},
	{"cmd/pullpass/internal/nodefile", "the node's files, which it replaces: they are regular, bounded and have been checked by safefile", []string{"os.Open", "os.OpenFile"}},
	{"cmd/pullpass/internal/rootfs", "the names of the node's files", []string{"filepath.Glob", "filepath.WalkDir", "os.ReadDir"}},
	{"cmd/pullpass/internal/installer", "the names of directories' entries, and the binary that it has just written", []string{"exec.CommandContext", "os.ReadDir"}},
	{"cmd/pullpass/internal/systemd", "systemctl, by its path, which has been checked by safefile", []string{"exec.LookPath", "exec.CommandContext"}},
}

// limits are the readers that io.ReadAll may read: they end.
var limits = []string{"io.LimitReader", "io.NewSectionReader"}

// mayReadAll are the packages where io.ReadAll reads what another one has bounded.
var mayReadAll = map[string]string{
	"provider/ecr": "the body of an answer, which transport has read within its bound",
	"provider/gcr": "the body of an answer, which transport has read within its bound",
}

// TestOpens: who reads a file, runs a program or reads to the end of something has a reason.
func TestOpens(t *testing.T) {
	errorf := errorOnce(t)
	needed := map[string]bool{}
	for _, p := range product(t) {
		allowed := map[string]bool{}
		for _, o := range mayOpen {
			if o.pkg == p.own() {
				for _, function := range o.functions {
					allowed[function] = true
				}
			}
		}
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			packages := packageNames(file)
			bounded := map[ast.Node]bool{}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if packages.function(n.Fun) == "io.ReadAll" && len(n.Args) == 1 {
						if reader, ok := n.Args[0].(*ast.CallExpr); ok && slices.Contains(limits, packages.function(reader.Fun)) {
							bounded[n.Fun] = true
						}
					}
				case *ast.CompositeLit:
					if packages.function(n.Type) == "transport.Options" && !hasKey(n, "Getenv") {
						errorf("%s: transport.Options without Getenv: the authorities would not be checked", files.Position(n.Pos()))
					}
				case *ast.SelectorExpr:
					switch function := packages.function(n); {
					case slices.Contains(openers, function) && allowed[function]:
						needed[p.own()+" "+function] = true
					case slices.Contains(openers, function):
						errorf("%s: %s outside the packages of mayOpen: use safefile or subprocess", files.Position(n.Pos()), function)
					case function == "io.ReadAll" && !bounded[n] && mayReadAll[p.own()] != "":
						needed[p.own()+" "+function] = true
					case function == "io.ReadAll" && !bounded[n]:
						errorf("%s: io.ReadAll without io.LimitReader", files.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
	for _, o := range mayOpen {
		for _, function := range o.functions {
			if !needed[o.pkg+" "+function] {
				errorf("mayOpen: %s does not use %s", o.pkg, function)
			}
		}
	}
	for pkg := range mayReadAll {
		if !needed[pkg+" io.ReadAll"] {
			errorf("mayReadAll: %s does not use it", pkg)
		}
	}
}

func hasKey(literal *ast.CompositeLit, name string) bool {
	return slices.ContainsFunc(literal.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := pair.Key.(*ast.Ident)
		return ok && key.Name == name
	})
}

// importNames are the packages that a file imports, by the names that it gives them.
type importNames map[string]string

func packageNames(file *ast.File) importNames {
	names := importNames{}
	for _, imported := range file.Imports {
		path, err := strconv.Unquote(imported.Path.Value)
		if err != nil {
			continue
		}
		base := path[strings.LastIndexByte(path, '/')+1:]
		if imported.Name != nil {
			names[imported.Name.Name] = base
		} else {
			names[base] = base
		}
	}
	return names
}

// function returns PACKAGE.NAME for such an expression, whatever the package is called in the file.
func (names importNames) function(e ast.Expr) string {
	base, name, found := strings.Cut(selector(e), ".")
	if !found || names[base] == "" {
		return ""
	}
	return names[base] + "." + name
}
