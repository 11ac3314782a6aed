package cmd

import (
	"go/ast"
	"strings"
	"testing"
)

// mayAnswer are the files that may write to stdout what is not scrubbed, and the one that scrubs.
var mayAnswer = map[string]string{
	"cmd/pullpass/internal/cli/stdio.go":         "it scrubs",
	"cmd/pullpass/internal/getcmd/answer.go":     "with --show-secret, the answer has the credential",
	"cmd/pullpass/internal/plugin/plugin.go":     "the response to the kubelet is the credential",
	"cmd/pullpass/internal/secretcmd/output.go":  "the manifest is the credential",
	"cmd/pullpass/internal/configcmd/kubelet.go": "a configuration with REDACTED in it is none",
	"cmd/pullpass/internal/configcmd/schema.go":  "the schema is the same everywhere",
	"cmd/pullpass/internal/configcmd/show.go":    "the files of the binary are the same everywhere, and the values of --env and --arg belong in them",
	"cmd/pullpass/internal/installcmd/job.go":    "a configuration with REDACTED in it is none",
}

// TestAnswer: all else that is written to stdout or stderr is scrubbed.
func TestAnswer(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			field, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of := strings.ToLower(lastName(field.X))
			switch {
			case field.Sel.Name == "Answer" && (strings.HasSuffix(of, "stdio") || s.place() == "cmd/pullpass/internal/cli/stdio.go"):
				if used[s.place()] = true; mayAnswer[s.place()] == "" {
					t.Errorf("%s: stdio.Answer is not scrubbed: write to stdio.Out, or with stdio.WriteJSON", s.at(field))
				}
			case field.Sel.Name == "Out" && of == "log" && s.place() != "cmd/pullpass/root.go":
				t.Errorf("%s: Log.Out is not scrubbed: use the methods of Log", s.at(field))
			}
			return true
		})
	}
	checkNeeded(t, mayAnswer, used)
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
	for _, s := range sources(t) {
		for _, declaration := range s.file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			makes, hides := false, false
			ast.Inspect(function, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					switch lastName(e) {
					case "NewSecret", "ReadSecret":
						makes = true
					case "Hide", "hide", "newFile": // which hides
						hides = true
					}
				}
				return true
			})
			if !makes || hides {
				continue
			}
			key := s.place() + ":" + function.Name.Name
			if used[key] = true; mayMake[key] == "" {
				t.Errorf("%s: %s gets hold of a secret and does not hide it", s.at(function), function.Name.Name)
			}
		}
	}
	checkNeeded(t, mayMake, used)
}
