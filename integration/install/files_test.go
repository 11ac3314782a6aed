package install_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// mounted runs pullpass install --root where a tmpfs, which only root can write, is mounted on a directory of the
// node, for that process alone.
func (m *machine) mounted(t *testing.T, options, directory string, args ...string) pullpass.Run {
	t.Helper()
	must(t, os.MkdirAll(m.path(directory), 0o755))
	return m.after(t, `mount -t tmpfs -o "mode=755,$1" pullpass "$2"`, []string{options, m.path(directory)}, append([]string{"install"}, args...)...)
}

// after runs pullpass COMMAND --root after a shell script, with two parameters, in a mount namespace of its own.
func (m *machine) after(t *testing.T, script string, parameters []string, args ...string) pullpass.Run {
	t.Helper()
	p := newProcess(t, slices.Insert(args, 1, "--root", m.root)...)
	p.Args = slices.Concat([]string{"sh", "-c", script + ` && shift 2 && exec "$@"`, "sh"}, parameters, []string{p.Path}, p.Args[1:])
	shell, err := exec.LookPath("sh")
	must(t, err)
	p.Path = shell
	p.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	must(t, p.Start())
	return end(t, p)
}

// TestFixedFiles: a dry run finds out as well which files cannot be replaced where they are.
func TestFixedFiles(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("only root mounts files, and makes them immutable")
		return
	}
	for name, c := range map[string]struct{ before, after, want string }{
		"mounted file":          {`mount --bind "$1$CONFIG" "$1$CONFIG"`, "", "error: write " + configPath + ": device or resource busy"},
		"immutable file":        {`chattr +i "$1$CONFIG"`, `chattr -i "$1$CONFIG"`, "error: write " + configPath + ": operation not permitted"},
		"append-only directory": {`chattr +a "$(dirname "$1$CONFIG")"`, `chattr -a "$(dirname "$1$CONFIG")"`, "error: write " + configPath + ": operation not permitted"},
		"lock of another kind":  {`mkdir -p -m 700 "$1$STATE" && mkfifo "$1$STATE/install.lock"`, "", "error: lock " + statePath + ": lock " + statePath + "/install.lock: the lock is not a file of this user's own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.foreign(configPath)
			for _, args := range []string{"--dry-run", ""} {
				script := c.before + "\n\"$2\" install --root \"$1\" $3\ncode=$?\n" + c.after + "\nexit $code"
				command := exec.Command("unshare", "-m", "sh", "-c", script, "sh", m.root, binaries.Released, args)
				command.Env = append(os.Environ(), "CONFIG="+configPath, "STATE="+statePath)
				output, err := command.CombinedOutput()
				must(t, os.RemoveAll(m.path(statePath)))
				if err == nil || !strings.Contains(string(output), c.want) {
					t.Errorf("install %s: %v\n%s", args, err, output)
				}
			}
		})
	}
}

// TestReadOnlyRoot: on a node that is read-only as a whole, a dry run says what the real run does.
func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	const script = `mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"`
	m := newMachine(t)
	refused := func(want string) {
		t.Helper()
		before := withState(m)
		for _, command := range []string{"install", "uninstall"} {
			r := m.after(t, script, []string{m.root, m.root}, command)
			wantRun(t, r, 1, nothing, want)
			if dry := m.after(t, script, []string{m.root, m.root}, command, "--dry-run"); dry != r {
				t.Errorf("%s: the dry run says %+v, and the real one %+v", command, dry, r)
			}
		}
		wantSame(t, withState(m), before)
	}
	refused("error: lock " + statePath + ": mkdir " + statePath + ": read-only file system\npullpass: hint: install keeps its state only in ")
	wantCode(t, m.install(), 0)
	refused("error: lock " + statePath + ": open " + statePath + "/install.lock: read-only file system\npullpass: hint: install keeps its state only in ")
	r := m.after(t, script, []string{m.root, m.root}, "install", "--status")
	wantRun(t, r, 1, "installed: yes\n", nothing) // which only reads

	// A pod has the node's files mounted read-only for a dry run. What counts is how the node has them.
	for options, want := range map[string]int{"rw,relatime": 0, "ro,relatime": 1} {
		m.write("/proc/1/mountinfo", "24 1 8:1 / / "+options+" shared:1 - ext4 /dev/sda1 rw\n")
		wantCode(t, m.after(t, script, []string{m.root, m.root}, "install", "--dry-run", "--registry", "docker.io"), want)
		wantCode(t, m.after(t, script, []string{m.root, m.root}, "uninstall", "--dry-run"), want)
		wantCode(t, m.after(t, script, []string{m.root, m.root}, "install", "--registry", "docker.io"), 1)
	}
	must(t, os.RemoveAll(m.path("/proc/1")))

	// The state alone can be written.
	const state = `mount --bind "$1" "$2" && mount --bind "$2/var/lib" "$2/var/lib" && mount -o remount,bind,ro "$2"`
	for _, args := range [][]string{{"uninstall"}, {"install", "--registry", "docker.io"}, {"install", "--bin-dir", "/opt/bin"}} {
		before := withState(m)
		r := m.after(t, state, []string{m.root, m.root}, slices.Clone(args)...)
		wantRun(t, r, 1, nothing, ": read-only file system\npullpass: hint: choose other paths with --bin-dir and --kubelet-config")
		dry := m.after(t, state, []string{m.root, m.root}, append(slices.Clone(args), "--dry-run")...)
		if dry.Stderr = strings.TrimPrefix(dry.Stderr, "pullpass: note: the previous change is unconfirmed: the kubelet has not run with it yet\n"); dry != r {
			t.Errorf("%q: the dry run says %+v, and the real one %+v", args, dry, r)
		}
		wantSame(t, withState(m), before)
	}
}

// TestFileSystems: where something cannot be written or run, nothing is changed.
func TestFileSystems(t *testing.T) {
	t.Parallel()
	const otherPlaces = "pullpass: hint: choose other paths with --bin-dir and --kubelet-config"
	for name, c := range map[string]struct {
		options, directory, err, hint string
		unforeseen                    bool // the dry run does not add up how many files there will be
	}{
		"read-only":        {"ro", "/usr/local", "error: mkdir /usr/local/lib: read-only file system", otherPlaces, false},
		"read-only config": {"ro", "/etc/pullpass", "error: write " + configPath + ": read-only file system", otherPlaces, false},
		"read-only flags":  {"ro", "/etc/default", "error: write " + flagsPath + ": read-only file system", otherPlaces, false},
		"read-only state":  {"ro,mode=700", statePath, "lock " + statePath + ": open " + statePath + "/install.lock: read-only file system", "hint: install keeps its state only in " + statePath, false},
		"noexec":           {"noexec", "/usr/local", binDir + ": a program in this directory cannot be run: ", otherPlaces, false},
		"full":             {"size=1m", "/usr/local", "write " + binDir + "/pullpass: no space left on device", "", false},
		"full config":      {"nr_inodes=1", "/etc/pullpass", "write " + configPath + ": no space left on device", "", false},
		"full flags":       {"nr_inodes=1", "/etc/default", "write " + flagsPath + ": no space left on device", "", false},
		"full state":       {"size=4k,nr_inodes=3", "/var/lib", "write " + statePath + "/", "", true},
		"no state":         {"ro", "/var/lib", "lock " + statePath + ": mkdir " + statePath + ": read-only file system", "hint: install keeps its state only in " + statePath, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			must(t, os.MkdirAll(m.path(c.directory), 0o755))
			before := snapshot(t, m.root)
			dry := m.mounted(t, c.options, c.directory, "--platform", "kubeadm", "--dry-run")
			r := m.mounted(t, c.options, c.directory, "--platform", "kubeadm")
			wantRun(t, r, 1, nothing, c.err)
			if c.unforeseen {
				wantRun(t, dry, 0, "write "+binDir+"/pullpass", nothing)
			} else if dry != r {
				t.Errorf("the dry run says %+v, and the real one %+v", dry, r)
			}
			if !strings.Contains(r.Stderr, c.hint) || r.Stdout != "" {
				t.Errorf("stderr %q, want %q; stdout %q", r.Stderr, c.hint, r.Stdout)
			}
			wantSame(t, snapshot(t, m.root), before)
			if c.directory != "/var/lib" {
				wantNoState(t, m)
			}
		})
	}
}

// TestLinks: a file that is a link stays one, to a file with the new content.
func TestLinks(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("/srv/kubelet.env", m.read(flagsPath))
	must(t, os.Remove(m.path(flagsPath)))
	must(t, os.Symlink("/srv/kubelet.env", m.path(flagsPath))) // as the node sees it
	must(t, os.Chmod(m.path("/srv/kubelet.env"), 0o640))
	before := snapshot(t, m.root)
	wantRun(t, m.install(), 0, "wrote "+flagsPath, nothing)
	if link, err := os.Readlink(m.path(flagsPath)); err != nil || !strings.Contains(m.read("/srv/kubelet.env"), "--image-credential-provider-config="+configPath) {
		t.Errorf("it leads to %q, %v; which has %q", link, err, m.read("/srv/kubelet.env"))
	}
	info, err := os.Stat(m.path("/srv/kubelet.env"))
	must(t, err)
	if info.Mode() != 0o640 {
		t.Errorf("the mode is %v", info.Mode())
	}
	wantRun(t, m.uninstall(), 0, "wrote "+flagsPath, nothing)
	wantSame(t, snapshot(t, m.root), before)

	// What is neither a file nor a link to one is not replaced.
	must(t, os.MkdirAll(m.path(binDir+"/pullpass"), 0o755))
	before = snapshot(t, m.root)
	wantRun(t, m.install(), 1, nothing, "error: read "+binDir+"/pullpass: it is not a regular file")
	must(t, os.Remove(m.path(binDir+"/pullpass")))
	must(t, os.Symlink("/nowhere", m.path(binDir+"/pullpass")))
	wantRun(t, m.install(), 1, nothing, "error: write "+binDir+"/pullpass: it is a symbolic link\npullpass: hint: remove it, or choose another directory with --bin-dir\n")
	must(t, os.Remove(m.path(binDir+"/pullpass")))
	must(t, os.Mkdir(m.path(binDir+"/pullpass"), 0o755))
	wantSame(t, snapshot(t, m.root), before)
}

// TestUmask: the kubelet's directories do not depend on who installs.
func TestUmask(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	p := newProcess(t, "install", "--root", m.root)
	p.Args = append([]string{"sh", "-c", `umask 077; exec "$@"`, "sh", p.Path}, p.Args[1:]...)
	shell, err := exec.LookPath("sh")
	must(t, err)
	p.Path = shell
	must(t, p.Start())
	wantRun(t, end(t, p), 0, "wrote", nothing)
	for path, want := range map[string]os.FileMode{
		"/usr/local": os.ModeDir | 0o755, binDir: os.ModeDir | 0o755, "/etc/pullpass": os.ModeDir | 0o755,
		binDir + "/pullpass": 0o755, configPath: 0o644, statePath: os.ModeDir | 0o700, statePath + "/install.json": 0o600,
	} {
		if info, err := os.Stat(m.path(path)); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

// TestDirectory: of a config that is a directory, one file is ours.
func TestDirectory(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const directory = "/etc/kubernetes/credential-providers"
	const foreign = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- {name: foreign, apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [docker.io]}\n"
	m.write(directory+"/10-foreign.yaml", foreign)
	m.write(directory+"/README", "not for the kubelet")
	m.write(binDir+"/foreign", "#!/bin/sh\n")
	must(t, os.Chmod(m.path(binDir+"/foreign"), 0o755))
	before := snapshot(t, m.root)
	args := []string{"--kubelet-config", directory, "--bin-dir", binDir}
	wantRun(t, m.install(args...), 0, "wrote "+directory+"/pullpass.yaml", "note: "+directory+"/10-foreign.yaml: the provider foreign matches images that pullpass serves")
	wantRun(t, m.install(append(args, "--replace")...), 0, "nothing to do", "the provider foreign is kept in addition to pullpass: it is in a file of its own")
	new(loader).wantStarts(t, m)
	wantRun(t, m.uninstall(), 0, "removed "+directory+"/pullpass.yaml", nothing)
	wantSame(t, snapshot(t, m.root), before)

	// A mistake of somebody else's is seen before anything is written.
	must(t, os.Chmod(m.path(binDir+"/foreign"), 0o644))
	before = snapshot(t, m.root)
	wantRun(t, m.install(args...), 1, nothing, "error: the kubelet would not start: "+directory+"/10-foreign.yaml:4: ")
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
	wantRun(t, m.install("--platform", "k3s", "--kubelet-config", directory), 1, nothing, directory+" is a directory, and k3s needs a file there")
}

// TestChangedByOthers: what somebody has changed after an install is not lost.
func TestChangedByOthers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantCode(t, m.install(), 0)

	// Our provider.
	m.write(configPath, strings.Replace(m.read(configPath), "defaultCacheDuration: 5m", "defaultCacheDuration: 1m", 1))
	edited := m.read(configPath)
	for range 2 {
		wantRun(t, m.install(), 0, "nothing to do", "note: "+configPath+": the provider pullpass was edited or added by hand, and is kept")
	}
	if m.read(configPath) != edited {
		t.Error("it is changed")
	}
	wantRun(t, m.install("--registry", "docker.io"), 0, "wrote "+configPath, "note: "+configPath+": the provider pullpass was edited or added by hand, and is replaced")
	if text := m.read(configPath); strings.Contains(text, "pkg.dev") || !strings.Contains(text, "docker.io") {
		t.Errorf("it is not replaced:\n%s", text)
	}

	// Everything around it, which is to stay.
	m.write(flagsPath, m.read(flagsPath)+"MORE=1\n")
	wantRun(t, m.install("--registry", "docker.io"), 0, "nothing to do", nothing)
	wantRun(t, m.install(), 0, "wrote "+configPath, nothing)
	wantRun(t, m.uninstall(), 0, "wrote "+flagsPath, "note: "+flagsPath+" was changed after the install: only pullpass's part is removed")
	before["etc/default/kubelet"] += "MORE=1\n"
	wantSame(t, snapshot(t, m.root), before)
}

// TestEarlierEntry: the entry of a version whose entries had no environment is replaced as one of ours,
// and the config stays readable for all.
func TestEarlierEntry(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantCode(t, m.install("--registry", "docker.io"), 0)
	const env = "  env:\n  - name: GOMAXPROCS\n    value: \"1\"\n"
	now := m.read(configPath)
	if strings.Count(now, env) != 1 {
		t.Fatalf("the entry has no environment:\n%s", now)
	}
	const state = statePath + "/install.json"
	record := m.read(state)
	replaceSum := func(old, new string) {
		sum := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
		if !strings.Contains(record, sum(old)) {
			t.Fatalf("%s has no sum of %s", state, old)
		}
		record = strings.ReplaceAll(record, sum(old), sum(new))
	}
	earlier := strings.Replace(now, env, "", 1)
	replaceSum(now, earlier)
	const entry = `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","defaultCacheDuration":"5m",%s"matchImages":["docker.io"],"name":"pullpass"}`
	replaceSum(fmt.Sprintf(entry, `"env":[{"name":"GOMAXPROCS","value":"1"}],`), fmt.Sprintf(entry, ""))
	m.write(configPath, earlier)
	m.write(state, record)

	wantRun(t, m.install("--registry", "docker.io"), 0, "wrote "+configPath+"\n", nothing)
	if got := m.read(configPath); got != now {
		t.Errorf("the entry is\n%s", got)
	}
	info, err := os.Stat(m.path(configPath))
	must(t, err)
	if info.Mode() != 0o644 {
		t.Errorf("its mode is %v", info.Mode())
	}
	wantRun(t, m.install("--registry", "docker.io"), 0, "nothing to do", nothing)
	wantCode(t, m.uninstall(), 0)
	wantSame(t, snapshot(t, m.root), before)
}

// TestReplaceTooMany: more providers than a node has are not removed, and nothing is written.
func TestReplaceTooMany(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	config := "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"
	for i := range 21 {
		name := fmt.Sprintf("own-%d", i)
		config += "- {name: " + name + ", apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [docker.io]}\n"
		m.write(binDir+"/"+name, "#!/bin/sh\n")
		must(t, os.Chmod(m.path(binDir+"/"+name), 0o755))
	}
	m.write(configPath, config)
	m.refused(t, configPath+" has 21 providers that --replace would remove, more than 20: edit it by hand", "--replace")
}

// TestReplace: removed providers are named.
func TestReplace(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const provider = "- {name: %s, apiVersion: credentialprovider.kubelet.k8s.io/v1, defaultCacheDuration: 1m, matchImages: [%s]}\n"
	m.write(configPath, "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"+
		fmt.Sprintf(provider, "one", "docker.io")+fmt.Sprintf(provider, "two", "docker.io, registry.example.com"))
	for _, name := range []string{"one", "two"} {
		m.write(binDir+"/"+name, "#!/bin/sh\n")
		must(t, os.Chmod(m.path(binDir+"/"+name), 0o755))
	}
	before := snapshot(t, m.root)
	wantRun(t, m.install(), 0, "wrote "+configPath, "the provider one matches images that pullpass serves: the kubelet tries the credentials of both; --replace removes it\n")
	wantRun(t, m.install("--replace"), 0, "wrote "+configPath+"\nremoved the provider one from "+configPath+"\n", "note: "+configPath+": the provider two is kept in addition to pullpass: it matches other images as well\n")
	wantRun(t, m.install("--replace"), 0, "nothing to do", "two is kept")
	new(loader).wantStarts(t, m)
	wantCode(t, m.uninstall(), 0)
	wantSame(t, snapshot(t, m.root), before)
}

// TestForeignBinary: what was there under our name comes back.
func TestForeignBinary(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(binDir+"/pullpass", "#!/bin/sh\n# an older one\n")
	must(t, os.Chmod(m.path(binDir+"/pullpass"), 0o750))
	before := snapshot(t, m.root)
	wantRun(t, m.install(), 0, "wrote "+binDir+"/pullpass", nothing)
	wantRun(t, m.uninstall(), 0, "wrote "+binDir+"/pullpass", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestBaked: what an image has already, the binary and its provider, is not ours to remove.
func TestBaked(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	binary, err := os.ReadFile(binaries.Released)
	must(t, err)
	m.write(binDir+"/pullpass", string(binary))
	must(t, os.Chmod(m.path(binDir+"/pullpass"), 0o755))
	config, err := os.ReadFile("../../node-config/credential-provider-config.yaml")
	must(t, err)
	m.write(configPath, string(config))
	before := snapshot(t, m.root)
	r := m.install()
	if want := "wrote " + flagsPath + "\nlinked " + linkPath + " to " + binDir + "/pullpass\n"; r.Code != 0 || r.Stdout != want || r.Stderr != "" {
		t.Errorf("%+v, want %q", r, want)
	}
	wantRun(t, m.uninstall(), 0, "wrote "+flagsPath, nothing)
	wantSame(t, snapshot(t, m.root), before)

	// Of a provider that was there, the binary stays, though it was written.
	must(t, os.Remove(m.path(binDir+"/pullpass")))
	before = snapshot(t, m.root)
	wantRun(t, m.install(), 0, "wrote "+binDir+"/pullpass", nothing)
	wantRun(t, m.uninstall(), 0, "wrote "+flagsPath, "note: "+binDir+"/pullpass stays: "+configPath+" names it, as it did before the install")
	before["usr/local/lib/pullpass/pullpass"] = "-rwxr-xr-x 0:0 " + string(binary)
	wantSame(t, snapshot(t, m.root), before)
}

// TestNewerState: a state of another version is not touched.
func TestNewerState(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	wantCode(t, m.install(), 0)
	for content, want := range map[string]string{
		`{"version": 2, "other": {}}`: "its version is 2, and this pullpass supports 1",
		`{"version": 1, "other": {}}`: `unknown field "other"`,
		`{`:                           "unexpected end of JSON input",
	} {
		m.write(statePath+"/install.json", content)
		before := times(t, m.root)
		for _, r := range []pullpass.Run{m.install(), m.uninstall(), m.install("--status")} {
			wantRun(t, r, 1, nothing, want)
		}
		wantSame(t, times(t, m.root), before)
	}
}

// TestNoRoot: what is no node is left alone.
func TestNoRoot(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	wantRun(t, run(t, "install", "--root", directory, "--platform", "k3s"), 1, nothing, "hint: this is not the root directory of a Linux system: name one with --root")
	wantRun(t, run(t, "install", "--root", filepath.Join(directory, "none")), 1, nothing, "error: --root "+directory+"/none: there is no such directory")
	if entries, err := os.ReadDir(directory); err != nil || len(entries) > 0 {
		t.Errorf("there is %v, %v", entries, err)
	}
}
