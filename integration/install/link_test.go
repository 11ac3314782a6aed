package install_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// wantLink checks where the link leads, "" for no link.
func (m *machine) wantLink(t *testing.T, want string) {
	t.Helper()
	got, err := os.Readlink(m.path(linkPath))
	if err != nil && !os.IsNotExist(err) || got != want {
		t.Errorf("the link leads to %q, want %q; %v", got, want, err)
	}
}

// TestLink: users get a link to the binary, which follows it to another plugin directory, and goes with it.
func TestLink(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantRun(t, m.install("--dry-run"), 0, "link "+linkPath+" to "+binDir+"/pullpass\n", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantRun(t, m.install(), 0, "linked "+linkPath+" to "+binDir+"/pullpass\n", nothing)
	m.wantLink(t, binDir+"/pullpass")
	wantRun(t, m.install("--status"), 1, "\nlink: "+linkPath+"\n", nothing)
	wantRun(t, m.install("--status", "-o", "json"), 1, `"link": "`+linkPath+`"`, nothing)
	wantRun(t, m.install(), 0, "nothing to do", nothing)

	wantRun(t, m.install("--bin-dir", "/opt/plugins"), 0, "linked "+linkPath+" to /opt/plugins/pullpass\n", nothing)
	m.wantLink(t, "/opt/plugins/pullpass")

	// Somebody has removed it.
	must(t, os.Remove(m.path(linkPath)))
	r := m.install("--status")
	wantRun(t, r, 1, "installed: yes", nothing)
	if strings.Contains(r.Stdout, "link") {
		t.Errorf("the status is %q", r.Stdout)
	}
	r = m.install("--bin-dir", "/opt/plugins")
	if want := "linked " + linkPath + " to /opt/plugins/pullpass\n"; r.Code != 0 || r.Stdout != want {
		t.Errorf("%+v, want %q", r, want)
	}
	wantRun(t, m.uninstall("--dry-run"), 0, "remove "+linkPath+"\nremove ", "note: ")
	wantRun(t, m.uninstall(), 0, "removed "+linkPath+"\nremoved ", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestNoLink: where the link cannot be made, or something has its name, install says so and goes on.
func TestNoLink(t *testing.T) {
	t.Parallel()
	const exists = "note: no link to " + binDir + "/pullpass: " + linkPath + " exists already, and is kept as it is\n"
	for name, c := range map[string]struct {
		prepare func(m *machine) error
		stderr  string
	}{
		"no directory":   {func(m *machine) error { return os.Remove(m.path("/usr/local/bin")) }, nothing},
		"a file there":   {func(m *machine) error { return os.WriteFile(m.path("/usr/local/bin/pullpass"), nil, 0o755) }, exists},
		"a directory":    {func(m *machine) error { return os.Mkdir(m.path(linkPath), 0o755) }, exists},
		"a foreign link": {func(m *machine) error { return os.Symlink("/opt/pullpass", m.path(linkPath)) }, exists},
		"the same link":  {func(m *machine) error { return os.Symlink(binDir+"/pullpass", m.path(linkPath)) }, nothing},
		"open to others": {func(m *machine) error { return os.Chmod(m.path("/usr/local/bin"), 0o775) }, "note: no link to " + binDir + "/pullpass: "},
		"a file instead of the directory": {func(m *machine) error {
			must(m.t, os.Remove(m.path("/usr/local/bin")))
			return os.WriteFile(m.path("/usr/local/bin"), nil, 0o644)
		}, nothing},
		"the plugin directory": {func(m *machine) error {
			must(m.t, os.Remove(m.path("/usr/local/bin")))
			must(m.t, os.Mkdir(m.path(binDir), 0o755))
			return os.Symlink(binDir, m.path("/usr/local/bin"))
		}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			must(t, os.MkdirAll(m.path(filepath.Dir(binDir)), 0o755))
			must(t, c.prepare(m))
			before := snapshot(t, m.root)
			for _, r := range []pullpass.Run{m.install("--dry-run"), m.install()} {
				wantRun(t, r, 0, configPath, c.stderr)
				if strings.Contains(r.Stdout, "link") {
					t.Errorf("it makes a link: %q", r.Stdout)
				}
			}
			wantRun(t, m.install(), 0, "nothing to do", nothing)
			wantRun(t, m.uninstall(), 0, "removed "+binDir+"/pullpass", nothing)
			wantSame(t, snapshot(t, m.root), before)
			wantNoState(t, m)
		})
	}
}

// TestReadOnlyLink: a read-only /usr/local/bin keeps nothing from the node but the link.
func TestReadOnlyLink(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, more := range [][]string{{"--dry-run"}, nil} {
		r := m.mounted(t, "ro", "/usr/local/bin", more...)
		wantRun(t, r, 0, configPath, "note: no link to "+binDir+"/pullpass: write "+linkPath+": read-only file system\n")
	}
	m.wantLink(t, "")
}

// TestForeignLink: what others have put in the place of the link stays.
func TestForeignLink(t *testing.T) {
	t.Parallel()
	const other = "/opt/other"
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantCode(t, m.install(), 0)
	must(t, os.Remove(m.path(linkPath)))
	must(t, os.Symlink(other, m.path(linkPath)))
	wantRun(t, m.install("--arg", "-v"), 0, "wrote "+configPath+"\n", "exists already, and is kept as it is\n")
	m.wantLink(t, other)
	wantRun(t, m.uninstall(), 0, "removed "+binDir+"/pullpass", "note: "+linkPath+" was changed after the install and is kept\n")
	m.wantLink(t, other)
	must(t, os.Remove(m.path(linkPath)))
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestLinkRolledBack: a rollback restores the link, also if there was none, and leaves what others have put there.
func TestLinkRolledBack(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	fails := func() { m.refuses = func(config string) bool { return config != "" } }
	m.set(fails)
	wantRun(t, m.restartingInstall(), 1, "linked "+linkPath, "error: ")
	wantSame(t, snapshot(t, m.root), before)

	m.set(func() { m.refuses = func(string) bool { return false } })
	wantCode(t, m.restartingInstall("--retry"), 0)
	before = snapshot(t, m.root)
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "poison") } })
	wantRun(t, m.restartingInstall("--bin-dir", "/opt/plugins", "--arg", "poison"), 1, "linked "+linkPath+" to /opt/plugins/pullpass\n", "error: ")
	wantSame(t, snapshot(t, m.root), before)
	m.wantLink(t, binDir+"/pullpass")

	// Without a restart, somebody changes it before the rollback.
	m = newMachine(t)
	m.set(fails)
	m.set(func() { m.held = make(chan struct{}) })
	p := launch(t, "install", "--root", m.root, "--restart", "--restart-timeout", "4s")
	<-m.asked
	must(t, os.Remove(m.path(linkPath)))
	must(t, os.Symlink("/opt/other", m.path(linkPath)))
	held := m.held
	m.set(func() { m.held = nil })
	close(held)
	wantRun(t, end(t, p), 1, "linked "+linkPath, "note: "+linkPath+" was changed after the install and is kept\n")
	m.wantLink(t, "/opt/other")
}

// TestLinkAfterFirstInstall: a rollback to nothing also removes a link that a later run has made.
func TestLinkAfterFirstInstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	must(t, os.Remove(m.path("/usr/local/bin")))
	wantCode(t, m.install(), 0)
	must(t, os.Mkdir(m.path("/usr/local/bin"), 0o755))
	r := m.install()
	if want := "linked " + linkPath + " to " + binDir + "/pullpass\n"; r.Code != 0 || r.Stdout != want {
		t.Errorf("%+v, want %q", r, want)
	}
	m.set(func() { m.refuses = func(config string) bool { return config != "" } })
	wantCode(t, m.restartingInstall(), 1)
	wantSame(t, snapshot(t, m.root), before)
}
