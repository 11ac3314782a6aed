package entryflags

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/provider"
)

// TestPassOn: the plugin reads the config that was checked.
func TestPassOn(t *testing.T) {
	directory := t.TempDir()
	a, b := filepath.Join(directory, "a"), filepath.Join(directory, "b")
	for _, test := range []struct {
		name                string
		config, cache, env  string
		log                 string
		arguments, variable []string
		want                []string
		added               bool
		err                 string
	}{
		{name: "nothing"},
		{name: "flags", config: a, cache: b, want: []string{"--config=" + a, "--cache-dir=" + b}, added: true},
		{name: "log", log: a, want: []string{"--log-file=" + a}, added: true},
		{name: "--arg before log", log: a, arguments: []string{"--log-file", b}, want: []string{"--log-file", b}},
		{name: "relative log", log: "a", err: "--log-file must be an absolute path"},
		{name: "other arguments", config: a, arguments: []string{"-v"}, want: []string{"--config=" + a, "-v"}, added: true},
		{name: "variable", env: a, want: []string{"--config=" + a}, added: true},
		{name: "flag before variable", config: a, env: "b", want: []string{"--config=" + a}, added: true},
		{name: "--arg before all", config: "a", env: b, arguments: []string{"--config", b, "--cache-dir=" + b}, cache: a, want: []string{"--config", b, "--cache-dir=" + b}},
		{name: "--env before variable", env: a, variable: []string{"PULLPASS_CONFIG=" + b}},
		{name: "flag before --env", config: a, variable: []string{"PULLPASS_CONFIG=" + b}, want: []string{"--config=" + a}, added: true},
		{name: "relative", config: "a", err: "--config must be an absolute path"},
		{name: "relative in a variable", env: "a", err: "PULLPASS_CONFIG must be an absolute path"},
		{name: "relative cache", cache: "a", err: "--cache-dir must be an absolute path"},
	} {
		asked := &broker.Broker{
			Env: &env.Env{Getenv: func(name string) string {
				return map[string]string{"PULLPASS_CONFIG": test.env, "PULLPASS_CACHE_DIR": b}[name]
			}},
			ConfigPath: test.config,
			CacheDir:   test.cache,
			LogFile:    test.log,
		}
		f := &Flags{Arguments: test.arguments, Env: test.variable}
		added, err := f.PassOn(asked)
		switch {
		case test.err != "":
			if err == nil || err.Error() != test.err || provider.Hint(err) == "" {
				t.Errorf("%s: %v, want %s with a hint", test.name, err, test.err)
			}
		case err != nil || fmt.Sprint(f.Arguments) != fmt.Sprint(test.want) || added != test.added:
			t.Errorf("%s: %v %v %v, want %v", test.name, f.Arguments, added, err, test.want)
		}
	}
}
