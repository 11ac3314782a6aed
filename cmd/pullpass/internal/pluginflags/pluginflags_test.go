package pluginflags

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args             string // with | between them
		config, cacheDir string
		ok               bool
	}{
		{args: "--config=/a", config: "/a", ok: true},
		{args: "--config|/a", config: "/a", ok: true},
		{args: "--cache-dir=/a|--config=/b", config: "/b", cacheDir: "/a", ok: true},
		{args: "--config=/a|--config|/b", config: "/b", ok: true},
		{args: "--config=/a|--config=", ok: true},
		{args: "--config|", ok: true},
		{args: "--config=a=b|--cache-dir|--x", config: "a=b", cacheDir: "--x", ok: true},
		{args: "--config|--cache-dir|--cache-dir|--", config: "--cache-dir", cacheDir: "--", ok: true},
		{args: "--config"},
		{args: "--config=/a|--cache-dir"},
		{args: "--config=/a|-v"},
		{args: "--config=/a|--verbose"},
		{args: "--config=/a|secret"},
		{args: "secret|--config=/a"},
		{args: "--config=/a|--"},
		{args: "--"},
		{args: ""},
		{args: "-config=/a"},
		{args: "---config=/a"},
		{args: "--CONFIG=/a"},
		{args: "--conf=/a"},
		{args: "--config =/a"},
		{args: "--help"},
	} {
		args := strings.Split(test.args, "|")
		config, cacheDir, ok := Parse(args)
		if config != test.config || cacheDir != test.cacheDir || ok != test.ok {
			t.Errorf("%q: got %q, %q, %v", args, config, cacheDir, ok)
		}
		compare(t, args)
	}
	if _, _, ok := Parse(nil); !ok {
		t.Error("no arguments are something else than the flags")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--config=/a", "--cache-dir", "b", "--config")
	f.Add("--", "-v", "", "=")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		all := []string{a, b, c, d}
		for n := range all {
			compare(t, all[:n+1])
		}
	})
}

// compare checks that pflag makes the same of what Parse takes, and that Parse takes what is of
// these flags alone for pflag.
func compare(t *testing.T, args []string) {
	t.Helper()
	flags := pflag.NewFlagSet("pullpass", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	wantConfig := flags.String("config", "", "")
	wantDir := flags.String("cache-dir", "", "")
	err := flags.Parse(args)
	takes := err == nil && flags.NArg() == 0 && flags.ArgsLenAtDash() < 0
	config, dir, ok := Parse(args)
	if ok != takes || ok && (config != *wantConfig || dir != *wantDir) {
		t.Errorf("%q: got %q, %q, %v; pflag has %q, %q, %v", args, config, dir, ok, *wantConfig, *wantDir, err)
	}
}
