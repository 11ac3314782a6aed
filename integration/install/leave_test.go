package install_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const foreignConfig = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- {name: foreign, apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [registry.example.com]}\n"

// foreign adds a provider that is not ours, in a file of its own.
func (m *machine) foreign(path string) {
	m.write(path, foreignConfig)
	m.write(binDir+"/foreign", "#!/bin/sh\n")
	must(m.t, os.Chmod(m.path(binDir+"/foreign"), 0o755))
}

// TestLastProvider: a kubelet with flags that are not ours keeps the config, without which it would
// not start.
func TestLastProvider(t *testing.T) {
	t.Parallel()
	const directory = "/etc/kubernetes/credential-providers"
	for name, runs := range map[string]bool{"runs": true, "does not run": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.stop()
			m.foreign(directory + "/10-foreign.yaml")
			m.flagsInUnit(directory)
			wantRun(t, m.install(), 0, "wrote "+directory+"/pullpass.yaml", nothing)
			must(t, os.Remove(m.path(directory+"/10-foreign.yaml")))
			if runs {
				m.set(func() {
					m.pid = 1
					m.process(m.pid, []string{"/usr/bin/kubelet", "--image-credential-provider-config=" + directory, "--image-credential-provider-bin-dir=" + binDir}, serviceCgroup)
				})
			}
			before := withState(m)
			wantRun(t, m.uninstall("--restart"), 1, nothing, "error: uninstall: the kubelet has --image-credential-provider-config="+directory+", not set by install, and does not start without a provider there")
			wantRun(t, m.uninstall("--restart", "--dry-run"), 1, nothing, "does not start without a provider there")
			wantSame(t, withState(m), before)
		})
	}
}

// TestFaultsOfOthers: what is wrong without us does not keep us.
func TestFaultsOfOthers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.foreign("/etc/one.yaml")
	m.foreign("/etc/two.yaml")
	before := snapshot(t, m.root)
	wantCode(t, m.install("--kubelet-config", "/etc/one.yaml"), 0)
	wantCode(t, m.install("--kubelet-config", "/etc/two.yaml"), 0)
	must(t, os.Remove(m.path(binDir+"/foreign")))
	delete(before, binDir[1:]+"/foreign")
	wantCode(t, m.uninstall(), 0)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)

	// With flags that stay.
	m.foreign("/etc/one.yaml")
	m.flagsInUnit("/etc/one.yaml")
	before = snapshot(t, m.root)
	wantCode(t, m.install(), 0)
	must(t, os.Remove(m.path(binDir+"/foreign")))
	delete(before, binDir[1:]+"/foreign")
	wantCode(t, m.uninstall(), 0)
	wantSame(t, snapshot(t, m.root), before)
}

// TestOwnFlags: the user's two flags come back, also into a file that was changed since.
func TestOwnFlags(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.foreign("/etc/own.yaml")
	m.write(flagsPath, "KUBELET_EXTRA_ARGS=--image-credential-provider-config=/etc/own.yaml --v=2 --image-credential-provider-bin-dir=/opt/own\n")
	before := snapshot(t, m.root)
	wantRun(t, m.install("--kubelet-config", configPath, "--bin-dir", binDir), 0, "wrote "+flagsPath, nothing)
	m.write(flagsPath, m.read(flagsPath)+"MORE=1\n")
	before[flagsPath[1:]] += "MORE=1\n"
	wantCode(t, m.install("--kubelet-config", configPath, "--bin-dir", "/opt/other"), 0) // it is the original from then on
	m.write(flagsPath, m.read(flagsPath)+"YETMORE=1\n")
	before[flagsPath[1:]] += "YETMORE=1\n"
	wantRun(t, m.uninstall(), 0, "wrote "+flagsPath, "note: "+flagsPath+" was changed after the install")
	wantSame(t, snapshot(t, m.root), before)
	if !strings.Contains(m.read(flagsPath), "=/etc/own.yaml --v=2") {
		t.Error(m.read(flagsPath))
	}
}

// TestRenamedProvider: what others have renamed is not lost by us.
func TestRenamedProvider(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.foreign(configPath)
	wantCode(t, m.install(), 0)
	must(t, os.Rename(m.path(binDir+"/foreign"), m.path(binDir+"/other")))
	for _, config := range []string{strings.Replace(m.read(configPath), "name: foreign", "name: other", 1), strings.Replace(foreignConfig, "name: foreign", "name: other", 1)} {
		m.write(configPath, config)
		r := m.install("--arg", "-v")
		wantRun(t, r, 0, "wrote "+configPath+"\n", nothing)
		if strings.Contains(r.Stdout+r.Stderr, "before-pullpass") {
			t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
		}
	}
}

// TestLostProviders: providers that an install has removed from a config that others change afterwards are
// saved in a file, and named.
func TestLostProviders(t *testing.T) {
	t.Parallel()
	const provider = "- {name: %s, apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [%s]}\n"
	const edit = "# changed\n"
	for name, again := range map[string]bool{"uninstall": false, "another install": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.foreign(configPath)
			m.write(configPath, m.read(configPath)+fmt.Sprintf(provider, "one", "docker.io")+fmt.Sprintf(provider, "pullpass", "quay.io"))
			original := m.read(configPath)
			must(t, os.Link(m.path(binDir+"/foreign"), m.path(binDir+"/one")))
			must(t, os.Link(m.path(binDir+"/foreign"), m.path(binDir+"/pullpass")))
			wantRun(t, m.install("--replace", "--arg", "-v"), 0, "removed the provider one from "+configPath, "note: "+configPath+": the provider pullpass was edited or added by hand, and is replaced\n")
			m.write(configPath, edit+m.read(configPath))
			const note = "note: " + configPath + " was changed after the install: its former providers (one, pullpass) are not restored; the original is saved as " + configPath + ".before-pullpass\n"
			if again {
				wantRun(t, m.install(), 0, "wrote "+configPath+".before-pullpass\nwrote "+configPath+"\n", note)
				wantCode(t, m.uninstall(), 0)
			} else {
				wantRun(t, m.uninstall(), 0, "wrote "+configPath+".before-pullpass\nwrote "+configPath+"\n", note)
			}
			if m.read(configPath) != edit+foreignConfig || m.read(configPath+".before-pullpass") != original {
				t.Errorf("left is\n%s\nand\n%s", m.read(configPath), m.read(configPath+".before-pullpass"))
			}
			wantNoState(t, m)
		})
	}
}
