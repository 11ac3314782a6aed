package install_test

import (
	"strings"
	"testing"
)

// TestPassedOn: the plugin is told to read the config that was checked, on the node and not where the
// install runs.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const own = "/etc/pullpass/own.yaml"
	before := snapshot(t, m.root)
	wantRun(t, m.install("--config", own), 1, nothing, "error: read the config: open "+own)
	wantRun(t, m.install("--config", "own.yaml"), 2, nothing, "error: --config must be an absolute path\npullpass: hint: ")
	wantRun(t, m.install("--cache-dir", "cache"), 2, nothing, "error: --cache-dir must be an absolute path\n")
	wantSame(t, snapshot(t, m.root), before)

	m.write(own, "apiVersion: pullpass/v1\nkind: Config\nregistries:\n- match: gcr.io:443\n  provider: gcr\n")
	wantCode(t, m.install(), 0)
	m.write(configPath, strings.Replace(m.read(configPath), "defaultCacheDuration: 5m", "defaultCacheDuration: 1m", 1))
	args := []string{"--config", own, "--cache-dir", "/run/own"}
	wantRun(t, m.install(args...), 0, "wrote "+configPath, "note: "+configPath+": the provider pullpass was edited or added by hand, and is replaced")
	text := m.read(configPath)
	for _, want := range []string{"  - \"--config=" + own + "\"\n  - \"--cache-dir=/run/own\"\n", "\"gcr.io:443\"\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	wantRun(t, m.install(args...), 0, "nothing to do", nothing)
}
