package install_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// addProvider adds another's provider to the config, with its binary.
func (m *machine) addProvider(name string) {
	m.write(configPath, m.read(configPath)+fmt.Sprintf("- {name: %s, apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [registry.example.com]}\n", name))
	m.write(binDir+"/"+name, "#!/bin/sh\n")
	must(m.t, os.Chmod(m.path(binDir+"/"+name), 0o755))
}

// TestOthersProviders: a config to which others have added a provider goes on being read.
func TestOthersProviders(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(m *machine){
		"uninstall":       func(*machine) {},
		"another install": func(m *machine) { wantRun(m.t, m.install("--restart", "--arg", "-v"), 0, "wrote "+configPath, nothing) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			wantCode(t, m.install("--restart"), 0)
			m.addProvider("other")
			between(m)
			flags := m.read(flagsPath)
			note := "note: " + flagsPath + " stays: its flags name " + configPath + ", which also has other\n"
			r := m.uninstall("--restart", "--dry-run")
			wantRun(t, r, 0, "remove "+binDir+"/pullpass\n", note)
			if strings.Contains(r.Stdout, "remove "+binDir+"\n") || strings.Contains(r.Stdout, flagsPath) {
				t.Errorf("it would remove more: %s", r.Stdout)
			}
			m.set(func() {
				m.refuses = func(config string) bool {
					return !strings.Contains(config, "name: other") || strings.Contains(config, "name: pullpass")
				}
			})
			_, before := m.runs()
			wantRun(t, m.uninstall("--restart"), 0, "is healthy after", note)
			wantRestarts(t, m, before+1)
			if m.read(flagsPath) != flags || m.read(binDir+"/other") == "" || m.read(binDir+"/pullpass") != "" {
				t.Errorf("there is\n%s", m.read(flagsPath))
			}
			wantNoState(t, m)
			wantRun(t, m.uninstall("--restart"), 0, "nothing to do", nothing)
			wantRestarts(t, m, before+1)

			// What the kubelet reads without us is not ours to switch off later either.
			at := snapshot(t, m.root)
			wantCode(t, m.install(), 0)
			wantCode(t, m.uninstall(), 0)
			wantSame(t, snapshot(t, m.root), at)
		})
	}
}

// TestChangedFlags: flags that others have given another config stay.
func TestChangedFlags(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install(), 0)
	m.foreign("/etc/own.yaml")
	m.write(flagsPath, strings.Replace(m.read(flagsPath), configPath, "/etc/own.yaml", 1))
	flags := m.read(flagsPath)
	wantRun(t, m.uninstall(), 0, "removed "+configPath, "note: "+flagsPath+" stays: its flags were changed after the install and name /etc/own.yaml\n")
	if m.read(flagsPath) != flags {
		t.Error(m.read(flagsPath))
	}
	wantNoState(t, m)
}

// TestOwnFlagsFirst: a config that the kubelet has read by flags in the same file before stays as long
// as they name it.
func TestOwnFlagsFirst(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.foreign(configPath)
	m.write(flagsPath, "KUBELET_EXTRA_ARGS=--image-credential-provider-config="+configPath+" --image-credential-provider-bin-dir="+binDir+"\n")
	before := snapshot(t, m.root)
	must(t, os.MkdirAll(m.path("/opt/own"), 0o755))
	must(t, os.Link(m.path(binDir+"/foreign"), m.path("/opt/own/foreign")))
	wantRun(t, m.install("--bin-dir", "/opt/own"), 0, "wrote "+flagsPath, nothing)
	must(t, os.Remove(m.path("/opt/own/foreign")))
	must(t, os.Remove(m.path("/opt/own/pullpass")))
	must(t, os.Remove(m.path("/opt/own")))
	must(t, os.Remove(m.path("/opt")))
	wantCode(t, m.uninstall(), 0)
	wantSame(t, snapshot(t, m.root), before)
}

// TestFlagsWithoutConfig: a kubelet that has had flags in its file without a config would not start
// without ours.
func TestFlagsWithoutConfig(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(flagsPath, "KUBELET_EXTRA_ARGS=--image-credential-provider-config="+configPath+" --image-credential-provider-bin-dir="+binDir+"\n")
	without := snapshot(t, m.root)
	wantCode(t, m.install(), 0)
	m.start()
	wantCode(t, m.install("--restart"), 0)
	before := withState(m)
	for _, args := range [][]string{{"--restart"}, {"--restart", "--dry-run"}} {
		wantRun(t, m.uninstall(args...), 1, nothing, "does not start without a provider there: the only one is pullpass\npullpass: hint: first remove the two --image-credential-provider flags")
	}
	wantSame(t, withState(m), before)
	wantCode(t, m.uninstall(), 0) // of an image
	wantSame(t, snapshot(t, m.root), without)
}

// TestUnrecorded: without a record, uninstall lists what there is, and removes nothing.
func TestUnrecorded(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	must(t, os.RemoveAll(m.path(statePath)))
	wantRun(t, m.install(), 0, "nothing to do", nothing)
	before := withState(m)
	for _, args := range [][]string{{}, {"--dry-run"}, {"--restart"}} {
		r := m.uninstall(args...)
		wantRun(t, r, 1, nothing, "error: uninstall: "+statePath+" has no record of an install, but there is the provider pullpass in "+configPath+", and "+binDir+"/pullpass\n")
		wantRun(t, r, 1, nothing, "hint: by hand: remove the provider from "+configPath)
	}
	wantSame(t, withState(m), before)
	must(t, os.Remove(m.path(configPath)))
	wantRun(t, m.uninstall(), 1, nothing, "but there is "+binDir+"/pullpass\npullpass: hint: by hand: remove "+binDir+"/pullpass\n")
	must(t, os.Remove(m.path(binDir+"/pullpass")))
	wantRun(t, m.uninstall(), 0, "nothing to do\n", nothing)
}

// TestConfigElsewhere: a kubelet that was given another config, with our provider in it, keeps the
// binary.
func TestConfigElsewhere(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]bool{"runs with it": true, "will start with it": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.foreign("/etc/a.yaml")
			m.flagsInUnit("/etc/a.yaml")
			wantCode(t, m.install(), 0)
			m.write("/etc/b.yaml", m.read("/etc/a.yaml"))
			m.flagsInUnit("/etc/b.yaml")
			if start {
				m.start()
			}
			note := "note: " + binDir + "/pullpass stays: /etc/b.yaml names it\n"
			r := m.uninstall("--dry-run")
			wantRun(t, r, 0, "+++ /etc/a.yaml", note)
			if strings.Contains(r.Stdout, "remove "+binDir) || !strings.Contains(r.Stdout, "remove "+linkPath+"\n") {
				t.Error(r.Stdout)
			}
			wantRun(t, m.uninstall(), 0, "wrote /etc/a.yaml", note)
			if m.read(binDir+"/pullpass") == "" {
				t.Error("the kubelet has lost its plugin")
			}
			wantRun(t, m.uninstall(), 1, nothing, "has no record of an install, but there is the provider pullpass in /etc/b.yaml")
		})
	}
}

// TestUninstallSick: a kubelet that may be sick of what an install has changed gets rid of it.
func TestUninstallSick(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	m.set(func() { m.broken = "Failed to restart: no way" })
	wantCode(t, m.restartingInstall(), 1)
	m.set(func() {
		m.broken = ""
		m.refuses = func(config string) bool { m.sick = config != ""; return false }
	})
	m.start()
	wantRun(t, m.uninstall("--restart"), 0, "removed "+binDir+"/pullpass", "note: the previous change is still unconfirmed")
	wantRestarts(t, m, 1)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestUninstallDryRun: all that goes is named, in the order in which it does.
func TestUninstallDryRun(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	steps := func(r string) (steps []string) {
		for line := range strings.Lines(r) {
			if word, _, _ := strings.Cut(line, " "); slices.Contains([]string{"diff", "remove", "restart", "write"}, word) {
				steps = append(steps, strings.TrimSpace(line))
			}
		}
		return steps
	}
	files := []string{"diff " + flagsPath + " " + flagsPath, "diff " + configPath + " /dev/null"}
	want := append(slices.Clone(files), "restart kubelet.service", "remove "+linkPath, "remove "+binDir+"/pullpass", "remove /etc/pullpass", "remove "+binDir, "remove /usr/local/lib")
	if r := m.uninstall("--dry-run", "--restart"); r.Code != 0 || r.Stderr != "" || !slices.Equal(steps(r.Stdout), want) {
		t.Errorf("exit code %d, stderr %q, steps %q, want %q", r.Code, r.Stderr, steps(r.Stdout), want)
	}
	r := m.local(t, "uninstall", "--dry-run")
	wantRun(t, r, 0, anything, "note: the kubelet must be restarted before "+binDir+"/pullpass is removed: systemctl restart kubelet.service\n")
	if !slices.Equal(steps(r.Stdout), files) {
		t.Errorf("steps %q, want %q", steps(r.Stdout), files)
	}
	m.set(func() { m.sick = true })
	wantRun(t, m.uninstall("--dry-run", "--restart"), 1, nothing, "error: the kubelet is not healthy, so a failed restart would not be noticed: ")
}
