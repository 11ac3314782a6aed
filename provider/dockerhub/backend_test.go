package dockerhub

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// TestDefaultConfigs: what is looked into if a rule sets nothing.
func TestDefaultConfigs(t *testing.T) {
	dir := t.TempDir() // an absolute path, on Windows as well
	own, configs, home := filepath.Join(dir, "own"), filepath.Join(dir, "etc"), filepath.Join(dir, "home")
	of := func(dir ...string) string { return filepath.Join(append(dir, "config.json")...) }
	for name, c := range map[string]struct {
		variable, home string
		settings       provider.Settings
		want           []string
		warnings       int
	}{
		"all three":          {variable: own, home: home, want: []string{of(own), of(configs, "docker"), of(home, ".docker")}},
		"no home":            {want: []string{of(configs, "docker")}},
		"relative directory": {variable: "own", home: home, want: []string{of(configs, "docker"), of(home, ".docker")}, warnings: 1},
		"a rule's own file":  {variable: "own", home: home, settings: provider.Settings{"dockerConfig": "/c"}},
		"a rule's password":  {variable: "own", home: home, settings: provider.Settings{"username": "me", "passwordFile": "/p"}},
	} {
		warnings := 0
		p := Backend().New(c.settings, provider.Node{
			Home: c.home, ConfigDir: configs,
			Getenv: func(name string) string { return map[string]string{"DOCKER_CONFIG": c.variable}[name] },
			Warn:   func(string) { warnings++ },
		}).(*Provider)
		if !slices.Equal(p.DefaultConfigs, c.want) || warnings != c.warnings {
			t.Errorf("%s: %q with %d warnings, want %q with %d", name, p.DefaultConfigs, warnings, c.want, c.warnings)
		}
	}
}
