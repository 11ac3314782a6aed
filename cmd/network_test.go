package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// dialers are the files that may make what connects, with the reason.
var dialers = map[string]string{
	"provider/internal/transport/transport.go": "the one place: it bounds what a server can cost, and follows no redirect",
	"cmd/pullpass/internal/kubelet/health.go":  "the kubelet of this machine, which is asked for no more than a status; it is bounded there",
}

// connecting are the functions and types that connect, or make what does, by the path of their package. A
// pointer to such a type makes nothing.
var connecting = map[string][]string{
	"net":        {"Dial", "DialIP", "DialTCP", "DialTimeout", "DialUDP", "DialUnix", "Dialer"},
	"crypto/tls": {"Client", "Dial", "DialWithDialer", "Dialer"},
	"net/http": {"Client", "DefaultClient", "DefaultTransport", "Get", "Head", "NewFileTransport", "Post", "PostForm",
		"ProxyURL", "Transport"},
	"net/rpc":  {"Dial", "DialHTTP", "DialHTTPPath", "NewClient"},
	"net/smtp": {"Dial", "NewClient", "SendMail"},
	"github.com/aws/aws-sdk-go-v2/aws/transport/http":        {"NewBuildableClient", "BuildableClient"},
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds":  {"New"},
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds": {"New"},
	"golang.org/x/oauth2":                  {"NewClient"},
	"golang.org/x/oauth2/google":           {"ComputeTokenSource", "DefaultClient", "DefaultTokenSource", "FindDefaultCredentials", "FindDefaultCredentialsWithParams"},
	"cloud.google.com/go/compute/metadata": {"NewClient"},
	"golang.org/x/net/proxy":               {"Dial", "FromEnvironment", "FromURL", "SOCKS5"},
	"golang.org/x/net/http2":               {"Transport", "ConfigureTransport"},
	"github.com/aws/aws-sdk-go-v2/config":  {"LoadDefaultConfig"},
}

// TestConnections: nothing connects but what is made in dialers, and each of these is needed.
func TestConnections(t *testing.T) {
	errorf := errorOnce(t)
	used := map[string]bool{}
	for _, p := range product(t) {
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			own := path.Join(p.own(), name)
			for _, at := range connections(file) {
				if used[own] = true; dialers[own] == "" {
					errorf("%s: it connects, or makes what connects: that is for package transport", files.Position(at))
				}
			}
		}
	}
	for own := range dialers {
		if !used[own] {
			errorf("%s makes nothing that connects", own)
		}
	}
}

// connections returns where a file uses what is in connecting.
func connections(file *ast.File) []token.Pos {
	packages := map[string]string{} // the paths by the names in the file
	for _, imported := range file.Imports {
		importPath, _ := strconv.Unquote(imported.Path.Value)
		name := path.Base(importPath)
		if imported.Name != nil {
			name = imported.Name.Name
		}
		packages[name] = importPath
	}
	var found []token.Pos
	var pointed ast.Expr // what the star that was seen last points to
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			pointed = n.X
		case *ast.SelectorExpr:
			base, ok := n.X.(*ast.Ident)
			if !ok || n == pointed {
				return true
			}
			for _, name := range connecting[packages[base.Name]] {
				if name == n.Sel.Name {
					found = append(found, n.Pos())
				}
			}
		}
		return true
	})
	return found
}

// TestConnectionsFound: the rule sees what it is to see.
func TestConnectionsFound(t *testing.T) {
	for text, want := range map[string]int{
		"var c = http.Client{}":                       1,
		"var c = &http.Client{}":                      1,
		"var c = new(http.Client)":                    1,
		"var c http.Client":                           1,
		"type c struct{ http.Transport }":             1,
		"func f(c *http.Client) *http.Transport":      0,
		"func f() { http.Get(``); net.Dial(``, ``) }": 2,
		"func f() { a.NewBuildableClient() }":         1,
		"func f(d net.Dialer) { d.Dial(``, ``) }":     1,
		"func f() { http.NewRequest(``, ``, nil) }":   0,
		"var _ = (&net.Dialer{}).DialContext":         1,
		"func f() { var r http.RoundTripper; _ = r }": 0,
	} {
		source := "package p\nimport (\n\"net\"\n\"net/http\"\na \"github.com/aws/aws-sdk-go-v2/aws/transport/http\"\n)\n" + text
		file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
		if err != nil {
			t.Fatal(strings.TrimSpace(text), err)
		}
		if got := connections(file); len(got) != want {
			t.Errorf("%s: %d found, want %d", text, len(got), want)
		}
	}
}
