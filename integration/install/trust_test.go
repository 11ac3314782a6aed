package install_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// stranger is a user of the node who is not root.
const stranger = 65534

// components returns the files that a command opens, with all directories above them but the root.
func (m *machine) components(t *testing.T, args ...string) []string {
	t.Helper()
	files := map[string]bool{}
	must(t, filepath.WalkDir(m.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files[strings.TrimPrefix(path, m.root)] = true
		}
		return err
	}))
	all := map[string]bool{}
	for path, found := range lookedFor(t, m, args...) {
		if !found || !files[path] || strings.HasPrefix(path, "/proc/") || path == "/dev/null" {
			continue
		}
		for ; path != "/"; path = filepath.Dir(path) {
			all[path] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// openings are ways to leave a file or directory to others than root. Each returns what a message names.
func openings() map[string]func(path string) (string, error) {
	all := map[string]func(path string) (string, error){
		"all":       func(path string) (string, error) { return "lets group or others", chmodMore(path, 0o002) },
		"the group": func(path string) (string, error) { return "lets group or others", chmodMore(path, 0o020) },
	}
	if os.Geteuid() == 0 {
		all["a stranger"] = func(path string) (string, error) { return fmt.Sprint("user ", stranger), os.Chown(path, stranger, -1) }
	}
	return all
}

func chmodMore(path string, more fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Chmod(path, info.Mode()|more)
}

// TestTrust: if a user other than root owns, or can write, anything on the way to a file that a command opens,
// the command refuses it before anything is written, and names it.
func TestTrust(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"install", "--arg", "-v"}, {"install", "--arg", "-v", "--restart"}, {"install", "--dry-run"}, {"install", "--status"}, {"uninstall"}, {"uninstall", "--restart"}, {"uninstall", "--dry-run"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			traced, m := newMachine(t), newMachine(t)
			for _, m := range []*machine{traced, m} {
				data, err := os.ReadFile(systemctl)
				must(t, err)
				must(t, os.Remove(m.path("/usr/bin/systemctl"))) // all machines have the same
				must(t, os.WriteFile(m.path("/usr/bin/systemctl"), data, 0o755))
				wantCode(t, m.install("--restart"), 0)
			}
			components := traced.components(t, args...)
			if args[0] == "uninstall" || slices.Contains(args, "--status") {
				// Where there is a record, the unit decides nothing: what is wrong with it is passed over.
				components = slices.DeleteFunc(components, func(path string) bool { return strings.HasPrefix(path, "/usr/lib") })
			}
			for _, path := range []string{"/usr/local", binDir, flagsPath, "/etc/pullpass", configPath, "/var/lib", statePath, statePath + "/install.json"} {
				if !slices.Contains(components, path) {
					t.Errorf("it does not open %s: %q", path, components)
				}
			}
			before := times(t, m.root)
			for _, path := range components {
				for name, open := range openings() {
					info, err := os.Stat(m.path(path))
					must(t, err)
					want, err := open(m.path(path))
					must(t, err)
					r := run(t, slices.Insert(slices.Clone(args), 1, "--root", m.root)...)
					output := r.Stdout + r.Stderr
					if path == statePath {
						want = statePath + " is not a directory that only root can write to"
					} else if !strings.Contains(output, "chown root ") && !strings.Contains(output, "chmod go-w ") && !strings.Contains(output, "put a copy in its place: ") {
						t.Errorf("%s open to %s: there is no hint", path, name)
					}
					code := 1
					if slices.Contains(args, "--status") && strings.HasPrefix(path, "/run") {
						code = 0 // it does not know whether the kubelet is healthy, which is all that is wrong
					}
					if r.Code != code || !strings.Contains(output, want) || !strings.Contains(output, path) {
						t.Errorf("%s open to %s: %+v", path, name, r)
					}
					owner := info.Sys().(*syscall.Stat_t)
					must(t, os.Chown(m.path(path), int(owner.Uid), int(owner.Gid)))
					must(t, os.Chmod(m.path(path), info.Mode()))
				}
			}
			wantSame(t, times(t, m.root), before)
			wantRestarts(t, m, 1)
			wantRun(t, run(t, slices.Insert(slices.Clone(args), 1, "--root", m.root)...), 0, anything, anything)
		})
	}
}

// TestStrangersLinks: a file of root's does not help where a link in a stranger's directory leads to it. The
// stranger really is one, and can change where the link leads.
func TestStrangersLinks(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("only root can be another user: TestTrust has the modes")
		return
	}
	const home, root = "/home/eve", "/srv"
	for _, place := range []string{binDir, "/usr/local", binDir + "/pullpass", "/etc/pullpass", configPath, "/etc/default", flagsPath, "/usr/lib/systemd/system/kubelet.service.d", "/run/kubelet.yaml", "/var/lib"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			wantCode(t, m.install("--restart"), 0)
			for _, directory := range []string{home, root} {
				must(t, os.MkdirAll(m.path(directory), 0o755))
			}
			must(t, os.Chmod(m.root, 0o755))
			must(t, os.Chown(m.path(home), stranger, stranger))
			eve := func(script string) {
				t.Helper()
				command := exec.Command("sh", "-ec", script)
				command.Dir = m.path(home)
				command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
				if output, err := command.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, output)
				}
			}
			must(t, os.Rename(m.path(place), m.path(root+"/real")))
			eve("ln -s " + root + "/real link")
			must(t, os.Symlink(home+"/link", m.path(place)))
			before := withState(m)
			for _, args := range [][]string{{"install", "--restart", "--arg", "-v"}, {"install", "--restart", "--dry-run", "--arg", "-v"}} {
				r := run(t, slices.Insert(slices.Clone(args), 1, "--root", m.root)...)
				if place == binDir+"/pullpass" {
					wantRun(t, r, 1, nothing, "it is a symbolic link")
				} else {
					wantRun(t, r, 1, nothing, fmt.Sprint("user ", stranger))
				}
			}
			r := m.install("--status")
			if output := r.Stdout + r.Stderr; r.Code != 1 && place != "/usr/lib/systemd/system/kubelet.service.d" && place != "/run/kubelet.yaml" || r.Code == 1 && !strings.Contains(output, fmt.Sprint("user ", stranger)) {
				t.Errorf("the status is %+v", r)
			}
			eve("ln -sfn /nowhere link") // so it is hers indeed
			must(t, os.Remove(m.path(home+"/link")))
			eve("ln -s " + root + "/real link")
			wantSame(t, withState(m), before)
			wantRestarts(t, m, 1)
		})
	}
}

// TestTrustedPlaces: what distributions have is accepted: directories that all can write and that are sticky,
// links of root's, and an image whose directories belong to the user who bakes it.
func TestTrustedPlaces(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	must(t, os.MkdirAll(m.path("/opt/real/lib"), 0o755))
	must(t, os.MkdirAll(m.path("/usr"), 0o755))
	must(t, os.RemoveAll(m.path("/usr/local")))
	must(t, os.Symlink("../opt/real", m.path("/usr/local")))
	must(t, os.MkdirAll(m.path("/tmp/etc"), 0o755))
	must(t, os.Chmod(m.path("/tmp"), 0o777|fs.ModeSticky))
	must(t, os.Symlink("/tmp/etc", m.path("/etc/pullpass")))
	wantRun(t, m.install(), 0, "wrote "+binDir+"/pullpass", nothing)
	wantRun(t, m.install("--status"), 1, "installed: yes", nothing) // the kubelet was not restarted
	if _, err := os.Stat(m.path("/opt/real/lib/pullpass/pullpass")); err != nil {
		t.Error(err)
	}
	wantRun(t, m.uninstall(), 0, "removed", nothing)
}

// TestPlacesToBe: in a directory that all can write, what does not exist yet could be made by others, before it is
// written: a link to another file of root's, or the directory for the program that root runs. The sticky bit does
// not keep them from that.
func TestPlacesToBe(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	must(t, os.MkdirAll(m.path("/tmp/etc"), 0o755))
	must(t, os.Chmod(m.path("/tmp"), 0o777|fs.ModeSticky))
	before := withState(m)
	for _, args := range [][]string{{"--bin-dir", "/tmp/plugins"}, {"--bin-dir", "/tmp"}, {"--kubelet-config", "/tmp/config.yaml"}, {"--kubelet-config", "/tmp/new/config.yaml"}} {
		for _, more := range [][]string{nil, {"--dry-run"}} {
			wantRun(t, m.install(append(args, more...)...), 1, nothing, "others can make files in")
		}
	}
	wantSame(t, withState(m), before)
}
