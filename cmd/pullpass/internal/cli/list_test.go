package cli

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestList(t *testing.T) {
	for _, test := range []struct {
		args, want []string
	}{
		{nil, nil},
		{[]string{"--registry", "docker.io"}, []string{"docker.io"}},
		{[]string{"--registry", "docker.io,gcr.io"}, []string{"docker.io", "gcr.io"}},
		{[]string{"--registry=a,b", "--registry=c"}, []string{"a", "b", "c"}},
		{[]string{"--registry", ""}, []string{""}},
		{[]string{"--registry", "a,"}, []string{"a", ""}},
	} {
		var list List
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.Var(&list, "registry", "a `HOST`")
		if err := flags.Parse(test.args); err != nil || !slices.Equal(list, test.want) {
			t.Errorf("%q give %q, %v, want %q", test.args, list, err, test.want)
		}
		if flags.Changed("registry") != (len(test.args) > 0) {
			t.Errorf("%q: changed is wrong", test.args)
		}
	}
}
