package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// mayAnswer are the files that may write to stdout what is not scrubbed, and the one that scrubs.
var mayAnswer = map[string]string{
	"cmd/pullpass/internal/cli/stdio.go":         "it scrubs",
	"cmd/pullpass/internal/plugin/plugin.go":     "the response to the kubelet is the credential",
	"cmd/pullpass/internal/secretcmd/output.go":  "the manifest is the credential",
	"cmd/pullpass/internal/configcmd/kubelet.go": "a configuration with REDACTED in it is none",
	"cmd/pullpass/internal/configcmd/show.go":    "the files of the binary are the same everywhere",
	"cmd/pullpass/internal/installcmd/job.go":    "a configuration with REDACTED in it is none",
}

// TestAnswer: all else that is written to stdout or stderr is scrubbed.
func TestAnswer(t *testing.T) {
	used := map[string]bool{}
	eachFile(t, func(p goPackage, name string, files *token.FileSet, file *ast.File) {
		place := p.own() + "/" + name
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			switch {
			case !ok:
			case s.Sel.Name == "Answer" && strings.HasSuffix(strings.ToLower(lastName(s.X)), "stdio"), s.Sel.Name == "Answer" && place == "cmd/pullpass/internal/cli/stdio.go":
				used[place] = true
				if mayAnswer[place] == "" {
					t.Errorf("%s: stdio.Answer is not scrubbed: write to stdio.Out, or with stdio.WriteJSON", files.Position(s.Pos()))
				}
			case s.Sel.Name == "Out" && strings.EqualFold(lastName(s.X), "log") && place != "cmd/pullpass/root.go":
				t.Errorf("%s: Log.Out is not scrubbed: use the methods of Log", files.Position(s.Pos()))
			}
			return true
		})
	})
	for place := range mayAnswer {
		if !used[place] {
			t.Errorf("%s is listed, and does not use stdio.Answer", place)
		}
	}
}

// mayMake are the functions that make a provider.Secret or read a file of secrets and hide nothing
// themselves.
var mayMake = map[string]string{
	"cache/decode.go:set":                                         "read and List hide what is decoded",
	"cmd/internal/pullsecret/encode.go:EncodeJSON":                "it is made of credentials",
	"cmd/internal/pullsecret/encode.go:EncodeYAML":                "it is made of credentials",
	"cmd/internal/pullsecret/secret.go:secretTexts":               "Secrets returns them",
	"cmd/pullpass/internal/secretcmd/credentials.go:passwordText": "readPassword hides it",
	"provider/dockerconfig/config.go:Parse":                       "Secrets returns them",
	"provider/dockerconfig/entry.go:newCredential":                "Secrets returns them, and callers hide those of helpers",
	"provider/dockerconfig/pullsecret.go:newPullEntry":            "Secrets returns them",
	"provider/dockerconfig/write.go:Encode":                       "it is made of credentials",
	"provider/ecr/internal/sharedconfig/profile.go:profile":       "Secrets returns them",
	"provider/ecr/token.go:decode":                                "it is what Fetch returns, which the broker hides",
	"provider/gcr/gcr.go:Fetch":                                   "it is what Fetch returns, which the broker hides",
	"provider/gcr/key.go:KeyCredential":                           "the caller hides the file",
	"provider/safefile/safefile.go:ReadSecret":                    "the caller hides what is secret in the file",
	"provider/secret.go:NewSecret":                                "it is a type",
	"provider/secret.go:UnmarshalText":                            "those who decode into it are in this list",
}

// TestHidden: who makes a Secret or reads a file of secrets hides it, in the same function.
func TestHidden(t *testing.T) {
	used := map[string]bool{}
	eachFile(t, func(p goPackage, name string, files *token.FileSet, file *ast.File) {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			makes, hides := false, false
			ast.Inspect(function, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				switch lastName(e) {
				case "NewSecret", "ReadSecret":
					makes = true
				case "Hide", "hide", "newFile": // which hides
					hides = true
				}
				return true
			})
			place := p.own() + "/" + name + ":" + function.Name.Name
			if makes && !hides {
				used[place] = true
				if mayMake[place] == "" {
					t.Errorf("%s: %s gets hold of a secret and does not hide it", files.Position(function.Pos()), function.Name.Name)
				}
			}
		}
	})
	for place := range mayMake {
		if !used[place] {
			t.Errorf("%s is listed, and makes no secret", place)
		}
	}
}

// TestTransports: each HTTP client hides the secrets of its requests.
func TestTransports(t *testing.T) {
	eachFile(t, func(_ goPackage, _ string, files *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || selector(literal.Type) != "transport.Options" {
				return true
			}
			for _, element := range literal.Elts {
				if field, ok := element.(*ast.KeyValueExpr); ok && lastName(field.Key) == "Hide" {
					return true
				}
			}
			t.Errorf("%s: transport.Options without Hide", files.Position(literal.Pos()))
			return true
		})
	})
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

// eachFile calls see for each file of the product.
func eachFile(t *testing.T, see func(p goPackage, name string, files *token.FileSet, file *ast.File)) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range product(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			if seen[path] {
				continue
			}
			seen[path] = true
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			see(p, name, files, file)
		}
	}
}
