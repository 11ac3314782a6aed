package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// dialers are the files that may make what connects, with the reason.
var dialers = map[string]string{
	"provider/internal/transport/transport.go": "the one place: it bounds what a server can cost, and follows no redirect",
	"cmd/pullpass/internal/kubelet/health.go":  "the kubelet of this machine, which is asked for no more than a status; it is bounded there",
	"cmd/internal/eventlog/syslog_unix.go":     "this machine's syslog; the broker bounds the wait",
}

// connecting are the functions and types that connect, or make what does. A pointer to such a type makes nothing.
var connecting = []string{
	"net.Dial", "net.DialIP", "net.DialTCP", "net.DialTimeout", "net.DialUDP", "net.DialUnix", "net.Dialer",
	"crypto/tls.Client", "crypto/tls.Dial", "crypto/tls.DialWithDialer", "crypto/tls.Dialer",
	"net/http.Client", "net/http.DefaultClient", "net/http.DefaultTransport", "net/http.Get", "net/http.Head", "net/http.NewFileTransport",
	"net/http.Post", "net/http.PostForm", "net/http.ProxyURL", "net/http.Transport",
	"net/rpc.Dial", "net/rpc.DialHTTP", "net/rpc.DialHTTPPath", "net/rpc.NewClient",
	"net/smtp.Dial", "net/smtp.NewClient", "net/smtp.SendMail",
	"github.com/aws/aws-sdk-go-v2/aws/transport/http.NewBuildableClient", "github.com/aws/aws-sdk-go-v2/aws/transport/http.BuildableClient",
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds.New",
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds.New",
	"golang.org/x/oauth2.NewClient",
	"golang.org/x/oauth2/google.ComputeTokenSource", "golang.org/x/oauth2/google.DefaultClient", "golang.org/x/oauth2/google.DefaultTokenSource",
	"golang.org/x/oauth2/google.FindDefaultCredentials", "golang.org/x/oauth2/google.FindDefaultCredentialsWithParams",
	"cloud.google.com/go/compute/metadata.NewClient",
	"golang.org/x/net/proxy.Dial", "golang.org/x/net/proxy.FromEnvironment", "golang.org/x/net/proxy.FromURL", "golang.org/x/net/proxy.SOCKS5",
	"golang.org/x/net/http2.Transport", "golang.org/x/net/http2.ConfigureTransport",
	"github.com/aws/aws-sdk-go-v2/config.LoadDefaultConfig",
}

// TestConnections: nothing connects but what is made in dialers.
func TestConnections(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, n := range connections(s) {
			if used[s.place()] = true; dialers[s.place()] == "" {
				t.Errorf("%s: it connects, or makes what connects: that is for package transport", s.at(n))
			}
		}
	}
	checkNeeded(t, dialers, used)
}

// connections returns where a file uses what is in connecting.
func connections(s source) []ast.Node {
	var found []ast.Node
	var pointed ast.Expr // what the star that was seen last points to
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			pointed = n.X
		case *ast.SelectorExpr:
			if n != pointed && slices.Contains(connecting, s.imported(n)) {
				found = append(found, n)
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
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "p.go", source, 0)
		if err != nil {
			t.Fatal(text, err)
		}
		if got := connections(newSource(goPackage{}, "p.go", files, file)); len(got) != want {
			t.Errorf("%s: %d found, want %d", text, len(got), want)
		}
	}
}

// transportOptions are the fields that every client sets, with the reason.
var transportOptions = map[string]string{
	"Getenv": "the files of authorities that the environment names would not be checked",
	"Hide":   "the secrets of its requests could be shown",
}

// TestTransports: no HTTP client is made without the transportOptions.
func TestTransports(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || s.imported(literal.Type) != module+"/provider/internal/transport.Options" {
				return true
			}
			for field, reason := range transportOptions {
				if !hasKey(literal, field) {
					t.Errorf("%s: transport.Options without %s: %s", s.at(literal), field, reason)
				}
			}
			return true
		})
	}
}

// hasKey reports whether a literal sets a field by its name.
func hasKey(literal *ast.CompositeLit, name string) bool {
	return slices.ContainsFunc(literal.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		return ok && lastName(pair.Key) == name
	})
}
