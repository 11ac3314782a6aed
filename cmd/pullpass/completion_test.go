package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
)

// The directives of a completion, which the scripts of the shells obey.
const (
	files       = ":0\n"  // complete files
	nothingElse = ":4\n"  // no files
	directories = ":16\n" // complete directories
)

// completionsOf returns what pullpass offers for the last of args, and its directive.
func completionsOf(t *testing.T, args ...string) (values []string, directive string) {
	t.Helper()
	root := newTree()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(new(bytes.Buffer))
	root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, args...))
	if err := root.Execute(); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	text, directive, _ := strings.Cut(out.String(), ":")
	return strings.Fields(text), ":" + directive
}

func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		args      string // a final blank for a new word
		want      string // some of the values
		directive string
	}{
		{"ca", "cache", nothingElse},
		{"config kubelet --platform ", "eks talos kubeadm", nothingElse},
		{"install --platform ", "eks talos kubeadm", nothingElse},
		{"config kubelet -o ", "yaml json", nothingElse},
		{"config show ", "daemonset credential-provider-config pullpass-warm.service daemonset/base/kustomization.yaml", nothingElse},
		{"config show daemonset/", "daemonset/base/daemonset.yaml", nothingElse},
		{"config show daemonset ", "", nothingElse},
		{"config show --config ", "", files},
		{"cache clear ", "", nothingElse},
		{"cache list ", "", nothingElse},
		{"cache --cache-dir ", "", directories},
		{"config check ", "", files},
		{"config check --bin-dir ", "", directories},
		{"secret check ", "", files},
		{"secret check --image ", "", nothingElse},
		{"secret regcred --registry ", "", nothingElse},
		{"secret regcred --password-file ", "", files},
		{"secret regcred -n ", "", nothingElse},
		{"warm --registry ", "", nothingElse},
		{"install --registry ", "", nothingElse},
		{"install --root ", "", directories},
		{"install --kubelet-config ", "", files},
	} {
		values, directive := completionsOf(t, strings.Split(test.args, " ")...)
		if directive != test.directive {
			t.Errorf("%q: the directive is %q, want %q", test.args, directive, test.directive)
		}
		if test.want == "" && len(values) > 0 {
			t.Errorf("%q: %q", test.args, values)
		}
		for value := range strings.FieldsSeq(test.want) {
			if !slices.Contains(values, value) {
				t.Errorf("%q: %q is missing in %q", test.args, value, values)
			}
		}
	}
}

// TestCompletedChoices: of a flag with a list of values, shells know those that the command knows.
func TestCompletedChoices(t *testing.T) {
	checked := 0
	eachCommand(newTree(), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if flag.Name != "output" && flag.Name != "platform" {
				return
			}
			checked++
			args := strings.Fields(c.CommandPath())[1:]
			switch c.CommandPath() {
			case "pullpass get":
				args = append(args, "docker.io/acme/app")
			case "pullpass config show":
				args = append(args, "rotation") // which kinds there are depends on the file
			}
			args = append(args, "--"+flag.Name)
			values, _ := completionsOf(t, append(args, "")...)
			root := newTree()
			root.SilenceErrors, root.SilenceUsage = true, true
			root.SetArgs(append(args, "nonsense"))
			err := root.ExecuteContext(context.Background())
			if want := "known are " + strings.Join(values, ", "); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%q: %v, want %s", args, err, want)
			}
		})
	})
	if checked < 6 {
		t.Errorf("%d flags", checked)
	}
}

// TestCompletedNames: pullpass config show knows all that is offered.
func TestCompletedNames(t *testing.T) {
	for _, typed := range []string{"", "daemonset/"} {
		names, _ := completionsOf(t, "config", "show", typed)
		if len(names) < 20 {
			t.Errorf("%q: %q", typed, names)
		}
		for _, name := range names {
			root := newTreeOn(&cli.Stdio{Answer: new(bytes.Buffer)})
			root.SetArgs([]string{"config", "show", name})
			if err := root.Execute(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
