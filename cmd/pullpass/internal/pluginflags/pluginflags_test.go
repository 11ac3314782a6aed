package pluginflags

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args                      string // with | between them
		config, cacheDir, logFile string
		ok                        bool
	}{
		{args: "--config=/a", config: "/a", ok: true},
		{args: "--config|/a", config: "/a", ok: true},
		{args: "--cache-dir=/a|--config=/b", config: "/b", cacheDir: "/a", ok: true},
		{args: "--config=/a|--config|/b", config: "/b", ok: true},
		{args: "--config=/a|--config=", ok: true},
		{args: "--config|", ok: true},
		{args: "--config=a=b|--cache-dir|--x", config: "a=b", cacheDir: "--x", ok: true},
		{args: "--config|--cache-dir|--cache-dir|--", config: "--cache-dir", cacheDir: "--", ok: true},
		{args: "--log-file=/a|--config=/b|--log-file|/c", config: "/b", logFile: "/c", ok: true},
		{args: "--log-file"},
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
		values, ok := Parse(args)
		if want := (Values{test.config, test.cacheDir, test.logFile}); values != want || ok != test.ok {
			t.Errorf("%q: got %q, %v", args, values, ok)
		}
		compare(t, args)
	}
	if _, ok := Parse(nil); !ok {
		t.Error("no arguments are something else than the flags")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--config=/a", "--cache-dir", "b", "--config")
	f.Add("--log-file", "/a", "--log-file=b", "--cache-dir=")
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
	var want Values
	flags.StringVar(&want.Config, "config", "", "")
	flags.StringVar(&want.CacheDir, "cache-dir", "", "")
	flags.StringVar(&want.LogFile, "log-file", "", "")
	err := flags.Parse(args)
	takes := err == nil && flags.NArg() == 0 && flags.ArgsLenAtDash() < 0
	values, ok := Parse(args)
	if ok != takes || ok && values != want {
		t.Errorf("%q: got %q, %v; pflag has %q, %v", args, values, ok, want, err)
	}
}
