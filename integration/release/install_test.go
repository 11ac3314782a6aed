//go:build e2e

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/fetch"
	"github.com/pullpass/pullpass/integration/release/man"
	"github.com/pullpass/pullpass/integration/release/packages"
	"github.com/pullpass/pullpass/integration/release/source"
)

const krewVersion = "v0.4.3"

// TestInstall makes a release for this machine, and installs its packages by the package managers themselves, each in a
// directory of its own.
func TestInstall(t *testing.T) {
	withoutGitVariables(t)
	repository := snapshot(t)
	makeTarget(t, repository, "022", nil, "release", "PLATFORMS=linux/"+runtime.GOARCH)
	out := filepath.Join(repository, "bin", "release")
	base := filepath.Join(out, "pullpass-"+version+"-linux-"+runtime.GOARCH)
	t.Run("dpkg", func(t *testing.T) { testDpkg(t, out, base+".deb") })
	t.Run("rpm", func(t *testing.T) { testRPM(t, out, base+".rpm") })
	t.Run("homebrew", func(t *testing.T) { testHomebrew(t, out, base+".tar.gz") })
	t.Run("krew", func(t *testing.T) { testKrew(t, out, base+".tar.gz") })
}

// prerelease returns the path of a package of the same binary with an earlier version.
func prerelease(t *testing.T, out, extension string) string {
	t.Helper()
	binary, err := source.ReadBinary(filepath.Join(out, "pullpass-linux-"+runtime.GOARCH))
	if err != nil {
		t.Fatal(err)
	}
	binary.Version = version + "-rc.1"
	path := filepath.Join(t.TempDir(), "prerelease"+extension)
	for _, format := range packages.Formats() {
		if format.Extension != extension {
			continue
		}
		var content bytes.Buffer
		if err := format.Write(&content, binary, man.Set{}, map[string][]byte{"LICENSE": nil}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func testDpkg(t *testing.T, out, path string) {
	root := t.TempDir()
	for _, directory := range []string{"info", "updates"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg := func(args ...string) {
		t.Helper()
		command := exec.Command("dpkg", append([]string{"--root=" + root, "--force-not-root", "--refuse-downgrade"}, args...)...)
		command.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
		if err := fetch.Run(command); err != nil {
			t.Fatal(err)
		}
	}
	dpkg("--install", prerelease(t, out, ".deb"))
	dpkg("--install", path)
	checkInstalled(t, root)
	dpkg("--verify", "pullpass")
	dpkg("--remove", "pullpass")
	checkRemoved(t, root, "var/lib/dpkg", "var/log")
}

func testRPM(t *testing.T, out, path string) {
	root := t.TempDir()
	rpm := func(args ...string) {
		t.Helper()
		args = append([]string{"--root", root, "--dbpath", "/var/lib/rpm"}, args...)
		command := exec.Command("rpm", args...)
		if _, err := exec.LookPath("rpm"); err != nil {
			directory, err := fetch.Debian("rpm")
			if err != nil {
				t.Fatal(err)
			}
			if command, err = fetch.Command(directory, "usr/bin/rpm", args...); err != nil {
				t.Fatal(err)
			}
			command.Env = append(command.Env, "RPM_CONFIGDIR="+filepath.Join(directory, "usr/lib/rpm"))
		}
		if err := fetch.Run(command); err != nil {
			t.Fatal(err)
		}
	}
	rpm("--install", prerelease(t, out, ".rpm"))
	rpm("--upgrade", path)
	checkInstalled(t, root)
	rpm("--verify", "--nodeps", "pullpass")
	rpm("--erase", "pullpass")
	checkRemoved(t, root, "var/lib/rpm")
}

// checkInstalled checks the command and its page below a root.
func checkInstalled(t *testing.T, root string) {
	t.Helper()
	output, err := exec.Command(filepath.Join(root, "usr/bin/pullpass"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(output), "pullpass "+version+" ") {
		t.Errorf("pullpass version: %q, %v", output, err)
	}
	if info, err := os.Stat(filepath.Join(root, "usr/share/man/man1/pullpass-install.1.gz")); err != nil || info.Mode() != 0o644 {
		t.Errorf("the page: %v, %v", info, err)
	}
}

// checkRemoved checks that there is nothing of pullpass below a root, and no file at all but in the package manager's own
// directories.
func checkRemoved(t *testing.T, root string, own ...string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(own, path) {
			return fs.SkipDir
		}
		if !found.IsDir() || strings.Contains(path, "pullpass") {
			t.Errorf("%s is left", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testHomebrew(t *testing.T, out, archive string) {
	shim, err := filepath.Abs("testdata/formula.rb")
	if err != nil {
		t.Fatal(err)
	}
	unpacked, prefix := t.TempDir(), t.TempDir()
	if err := fetch.Run(exec.Command("tar", "-xzf", archive, "-C", unpacked, "--strip-components=1")); err != nil {
		t.Fatal(err)
	}
	args := []string{"--disable-gems", "-w", shim, filepath.Join(out, "pullpass.rb"), "linux", runtime.GOARCH, prefix}
	command := exec.Command("ruby", args...)
	if _, err := exec.LookPath("ruby"); err != nil {
		directory, err := fetch.Debian("ruby")
		if err != nil {
			t.Fatal(err)
		}
		if command, err = fetch.Command(directory, "usr/bin/ruby", args...); err != nil {
			t.Fatal(err)
		}
	}
	command.Dir = unpacked
	output, err := command.CombinedOutput()
	content := read(t, out, filepath.Base(archive))
	want := fmt.Sprintf("https://github.com/pullpass/pullpass/releases/download/%s/%s\n%x\n", version, filepath.Base(archive), sha256.Sum256(content))
	if err != nil || string(output) != want {
		t.Errorf("the formula downloads\n%s%v, want\n%s", output, err, want)
	}
	for _, path := range []string{"bin/pullpass", "man1/pullpass-install.1", "bash_completion/pullpass", "zsh_completion/_pullpass", "fish_completion/pullpass.fish"} {
		if _, err := os.Stat(filepath.Join(prefix, path)); err != nil {
			t.Error(err)
		}
	}
}

func testKrew(t *testing.T, out, archive string) {
	directory, err := fetch.Kept("krew-"+krewVersion, func(directory string) error {
		install := exec.Command("go", "install", "-trimpath", "sigs.k8s.io/krew/cmd/krew@"+krewVersion)
		install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+directory)
		return fetch.Run(install)
	})
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	install := exec.Command(filepath.Join(directory, "krew"), "install", "--manifest="+filepath.Join(out, "pullpass-krew.yaml"), "--archive="+archive)
	install.Env = append(os.Environ(), "KREW_ROOT="+root, "KREW_NO_UPGRADE_CHECK=1")
	if err := fetch.Run(install); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(filepath.Join(root, "bin", "kubectl-pullpass"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(output), "pullpass "+version+" ") {
		t.Errorf("kubectl pullpass version: %q, %v", output, err)
	}
}
