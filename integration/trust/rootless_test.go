package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inUserNamespace has pullpass run in a user namespace of a user of the host, who is root there: as the kubelet of
// a rootless Kubernetes, if that is not the host's root.
func (p *place) inUserNamespace(t *testing.T) {
	t.Helper()
	p.program = p.write(t, p.base+"/rootless", fmt.Sprintf(`#!/bin/sh
exec setpriv --reuid=%d --regid=%d --clear-groups unshare --user --map-root-user %s "$@"
`, p.user, p.user, binaries.Released))
}

// TestRootless: in a user namespace without the host's root, / and /tmp belong to nobody. They are trusted, and
// nobody's files are not.
func TestRootless(t *testing.T) {
	c := startClouds(t)
	for name, test := range map[string]struct {
		change func(t *testing.T, file, dir string)
		want   string // $ stands for dir
	}{
		"own files": {func(t *testing.T, file, dir string) {}, ""},
		"the file of the host's root": {func(t *testing.T, file, dir string) {
			must(t, os.Chown(file, root, root))
		}, "can change where credentials go"},
		"the file of a stranger": {func(t *testing.T, file, dir string) {
			must(t, os.Chown(file, stranger-1, stranger-1))
		}, "can change where credentials go"},
		"a stranger's link": {func(t *testing.T, file, dir string) {
			must(t, os.Rename(file, dir+"-good"))
			link(t, dir+"-good", file, stranger-1)
		}, "can change where credentials go"},
		"a stranger's directory below an own one": {func(t *testing.T, file, dir string) {
			must(t, os.Chown(dir, stranger-1, stranger-1))
		}, "the owner of $, user 65534, can change where credentials go"},
		"a stranger's directory in /tmp": {func(t *testing.T, file, dir string) {
			must(t, os.Chown(filepath.Dir(filepath.Dir(dir)), stranger-1, stranger-1))
		}, "can change where credentials go"},
	} {
		for _, user := range []int{root, podUser} {
			for _, input := range []string{"AWS_CONFIG_FILE", "the program of credential_process"} {
				t.Run(fmt.Sprintf("%s/%d/%s", name, user, input), func(t *testing.T) {
					if name == "the file of the host's root" && user == root {
						return // who is root here as well
					}
					p := newPlace(t, c, user)
					p.inUserNamespace(t)
					s := inputs[input].make(t, p)
					p.own(t, user)
					test.change(t, s.file, filepath.Dir(s.file))
					want := strings.ReplaceAll(test.want, "$", filepath.Dir(s.file))
					r := p.run(t, s)
					if want == "" && !s.used(r) || want != "" && (s.used(r) || !strings.Contains(r.Stderr, want)) {
						t.Errorf("exit code %d, want %q in:\n%s", r.Code, want, r.Stderr)
					}
				})
			}
		}
	}
}
