package install_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestForeignBinaryIsNotRun: what is at the binary's path is anybody's until its hash, owner and mode are those
// of the install. No command runs it to find out, and the status says what differs.
func TestForeignBinaryIsNotRun(t *testing.T) {
	t.Parallel()
	const binary = binDir + "/pullpass"
	// This program tells the test that it is run: the machine's systemd gets its arguments, and knows none but
	// those of systemctl.
	foreign := func(m *machine) error { return os.Link(systemctl, m.path(binary)) }
	changed := func(change func(data []byte) []byte) func(m *machine) error {
		return func(m *machine) error {
			data, err := os.ReadFile(binaries.Released)
			if err != nil {
				return err
			}
			return os.WriteFile(m.path(binary), change(data), 0o755)
		}
	}
	for name, c := range map[string]struct {
		place  func(m *machine) error // where the binary was
		forget bool                   // the record of the install
		want   string
	}{
		"another program":          {place: foreign, want: binary + " is not what was installed: its SHA-256 is "},
		"a script":                 {place: func(m *machine) error { return os.WriteFile(m.path(binary), []byte("#!/bin/sh\n"), 0o755) }, want: binary + " is not what was installed: its SHA-256 is "},
		"one byte more":            {place: changed(func(data []byte) []byte { return append(data, 0) }), want: binary + " is not what was installed: its SHA-256 is "},
		"one byte less":            {place: changed(func(data []byte) []byte { return data[:len(data)-1] }), want: binary + " is not what was installed: its SHA-256 is "},
		"another, without record":  {place: foreign, forget: true, want: binary + " is not this pullpass, and no install is recorded"},
		"another mode":             {place: func(m *machine) error { return mode(m, changed(slices.Clone[[]byte]), 0o700) }, want: binary + " has the mode 0700 instead of 0755"},
		"a mode without execution": {place: func(m *machine) error { return mode(m, changed(slices.Clone[[]byte]), 0o644) }, want: binary + " has the mode 0644 instead of 0755"},
		"set-uid":                  {place: func(m *machine) error { return mode(m, changed(slices.Clone[[]byte]), 0o755|fs.ModeSetuid) }, want: binary + " has the mode 4755 instead of 0755"},
		"open to all":              {place: func(m *machine) error { return mode(m, changed(slices.Clone[[]byte]), 0o777) }, want: binary + ": mode 0777 lets group or others "},
		"none":                     {place: func(*machine) error { return nil }, want: "there is no " + binary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			wantCode(t, m.install("--restart"), 0)
			must(t, os.Remove(m.path(binary)))
			must(t, c.place(m))
			if c.forget {
				must(t, os.RemoveAll(m.path(statePath)))
			}
			for _, args := range [][]string{{"install", "--status"}, {"install", "--status", "-o", "json"}, {"install", "--status", "--kubelet-config", configPath, "--bin-dir", binDir}, {"install", "--dry-run"}, {"uninstall", "--dry-run"}} {
				r, calls := traced(t, 0, slices.Insert(slices.Clone(args), 1, "--root", m.root)...)
				if slices.Contains(calls, "fork") {
					t.Errorf("%q starts a program", args)
				}
				if !slices.Contains(args, "--status") {
					continue
				}
				if !strings.Contains(r.Stdout, c.want) || strings.Contains(r.Stdout, "pullpass v0") || r.Code != 1 {
					t.Errorf("%q: want %q: %+v", args, c.want, r)
				}
			}
			// An install does not run it either, but puts ours in its place. One that others can change stays.
			if r := m.install(); r.Code == 0 {
				wantRun(t, m.install("--status"), 0, "installed: yes\n", nothing)
			} else if name != "open to all" {
				t.Errorf("%+v", r)
			}
		})
	}
}

func mode(m *machine, place func(*machine) error, mode fs.FileMode) error {
	if err := place(m); err != nil {
		return err
	}
	return os.Chmod(m.path(binDir+"/pullpass"), mode)
}

// TestStrangersBinary: a binary of another user's is not ours, though its bytes are.
func TestStrangersBinary(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("only root can give files away")
		return
	}
	m := newMachine(t)
	wantCode(t, m.install("--restart"), 0)
	must(t, os.Chown(m.path(binDir+"/pullpass"), stranger, stranger))
	wantRun(t, m.install("--status"), 1, fmt.Sprintf("installed: no, %s/pullpass: its owner, user %d, can change ", binDir, stranger), nothing)
}

// TestVersionOfAnother: the version is that of the binary that was installed, by whatever pullpass the status is
// asked for. The record is one that every release has written.
func TestVersionOfAnother(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	other := filepath.Join(t.TempDir(), "pullpass")
	data, err := os.ReadFile(binaries.Released)
	must(t, err)
	must(t, os.WriteFile(other, append(data, 0), 0o755)) // another file, of the same version
	p := pullpass.NewProcess(t, other, pullpass.Offline(t), nil, "install", "--root", m.root, "--restart")
	p.SysProcAttr = asRoot()
	must(t, p.Start())
	wantCode(t, end(t, p), 0)

	r := m.install("--status", "-o", "json")
	var status struct{ Version string }
	must(t, json.Unmarshal([]byte(r.Stdout), &status))
	own := run(t, "version")
	if r.Code != 0 || status.Version != strings.TrimSpace(own.Stdout) {
		t.Errorf("the version is %q, want %q; %+v", status.Version, own.Stdout, r)
	}
}
