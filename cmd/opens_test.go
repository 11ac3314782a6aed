package cmd

import (
	"go/ast"
	"slices"
	"testing"
)

// openers are the functions that open a file by its path, list a directory or run a program. What a file or a
// program of others says decides where credentials come from and go, and a file can be endless or a FIFO. So
// safefile reads files, and subprocess runs programs; the packages of mayOpen have their reasons.
var openers = []string{
	"os.ReadFile", "os.Open", "os.OpenFile", "os.OpenInRoot", "os.OpenRoot", "os.Create", "os.WriteFile", "os.ReadDir", "os.DirFS", "os.CopyFS", "os.StartProcess",
	"io/ioutil.ReadFile", "io/ioutil.ReadDir", "io/ioutil.ReadAll", "path/filepath.Walk", "path/filepath.WalkDir", "path/filepath.Glob",
	"os/exec.Command", "os/exec.CommandContext", "os/exec.LookPath", "syscall.Open", "syscall.Openat", "syscall.Exec", "syscall.ForkExec", "golang.org/x/sys/unix.Open", "golang.org/x/sys/unix.Openat", "golang.org/x/sys/unix.Openat2", "golang.org/x/sys/unix.Exec",
	"crypto/tls.LoadX509KeyPair", "crypto/x509.SystemCertPool", "text/template.ParseFiles", "text/template.ParseGlob", "html/template.ParseFiles", "html/template.ParseGlob",
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
	{"provider/internal/subprocess", "the program has been checked by safefile", []string{"os/exec.CommandContext", "os/exec.LookPath"}},

	{"cache", "the directory and all above it have been checked, and entries are bounded", []string{"os.OpenFile", "os.ReadDir"}},
	{"cache/filelock", "of the file it reads nothing", []string{"os.OpenFile"}},
	{"cmd/internal/atomicfile", "a new file without a name", []string{"golang.org/x/sys/unix.Open"}},
	{"cmd/internal/eventlog", "it decides nothing; what is written to is of this user alone, and what is read is only printed", []string{"os.OpenRoot", "os.OpenFile"}},
	{"cmd/internal/metrics", "they decide nothing, are of this user alone, and are bounded", []string{"os.OpenRoot"}},

	{"cmd/pullpass", "the null device, for programs that it starts", []string{"os.OpenFile"}},
	{"cmd/pullpass/internal/cli", "a file that somebody names at a shell, to have it checked; it is bounded", []string{"os.Open"}},
	{"cmd/pullpass/internal/kubelet", "the names of processes in procfs", []string{"os.ReadDir"}},
	{"cmd/pullpass/internal/kubeletconfig", "the names of files, and whether a plugin can be run", []string{"os/exec.LookPath", "os.ReadDir"}},
	{"cmd/pullpass/internal/nodefile", "the node's files, which it replaces: they are regular, bounded and have been checked by safefile", []string{"os.Open", "os.OpenFile"}},
	{"cmd/pullpass/internal/rootfs", "the names of the node's files", []string{"path/filepath.Glob", "path/filepath.WalkDir", "os.ReadDir"}},
	{"cmd/pullpass/internal/installer", "the names of directories' entries, and the binary that it has just written", []string{"os/exec.CommandContext", "os.ReadDir"}},
	{"cmd/pullpass/internal/systemd", "systemctl, by its path, which has been checked by safefile", []string{"os/exec.LookPath", "os/exec.CommandContext"}},
}

// limits are the readers that io.ReadAll may read: they end.
var limits = []string{"io.LimitReader", "io.NewSectionReader"}

// mayReadAll are the packages where io.ReadAll reads what another one has bounded.
var mayReadAll = map[string]string{
	"provider/ecr": "the body of an answer, which transport has read within its bound",
	"provider/gcr": "the body of an answer, which transport has read within its bound",
}

// TestOpens: who opens a file or runs a program has a reason.
func TestOpens(t *testing.T) {
	allowed, used := map[[2]string]bool{}, map[[2]string]bool{}
	for _, o := range mayOpen {
		for _, function := range o.functions {
			allowed[[2]string{o.pkg, function}] = true
		}
	}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok || !slices.Contains(openers, s.imported(e)) {
				return true
			}
			key := [2]string{s.own(), s.imported(e)}
			if used[key] = true; !allowed[key] {
				t.Errorf("%s: %s outside the packages of mayOpen: use safefile or subprocess", s.at(e), s.imported(e))
			}
			return true
		})
	}
	for key := range allowed {
		if !used[key] {
			t.Errorf("mayOpen: %s does not use %s", key[0], key[1])
		}
	}
}

// TestReadAll: what is read to the end is bounded.
func TestReadAll(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		bounded := map[ast.Expr]bool{}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s.imported(n.Fun) == "io.ReadAll" && len(n.Args) == 1 {
					reader, ok := n.Args[0].(*ast.CallExpr)
					bounded[n.Fun] = ok && slices.Contains(limits, s.imported(reader.Fun))
				}
			case *ast.SelectorExpr:
				if s.imported(n) != "io.ReadAll" || bounded[n] {
					return true
				}
				if used[s.own()] = true; mayReadAll[s.own()] == "" {
					t.Errorf("%s: io.ReadAll without io.LimitReader", s.at(n))
				}
			}
			return true
		})
	}
	checkNeeded(t, mayReadAll, used)
}
