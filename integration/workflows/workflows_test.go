// Package workflows_test checks the workflows of GitHub Actions, which run nowhere else.
package workflows_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"sigs.k8s.io/yaml"
)

const repository = "../.."

// A workflow is a file of .github/workflows, in the parts that are checked here.
type workflow struct {
	Path        string            `json:"-"`
	Text        []byte            `json:"-"`
	On          map[string]any    `json:"on"`
	Permissions map[string]string `json:"permissions"`
	Jobs        map[string]struct {
		Uses        string            `json:"uses"`
		Permissions map[string]string `json:"permissions"`
		Steps       []struct {
			Uses string `json:"uses"`
			Run  string `json:"run"`
		} `json:"steps"`
	} `json:"jobs"`
}

func readAll(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob(repository + "/.github/workflows/*")
	if err != nil {
		t.Fatal(err)
	}
	workflows := map[string]workflow{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w := workflow{Path: path, Text: text}
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		workflows[filepath.Base(path)] = w
	}
	for _, name := range []string{"ci.yaml", "release.yaml"} {
		if _, found := workflows[name]; !found {
			t.Fatalf("there is no %s", name)
		}
	}
	return workflows
}

// scripts returns all that the steps run.
func (w workflow) scripts() []string {
	var found []string
	for _, job := range w.Jobs {
		for _, step := range job.Steps {
			if step.Run != "" {
				found = append(found, step.Run)
			}
		}
	}
	return found
}

// pinned is an action by the hash of a commit, with its version beside it for people.
var pinned = regexp.MustCompile(`uses: ([a-z-]+/[a-z-]+)@[0-9a-f]{40} # (v[0-9]+)\.[0-9]+\.[0-9]+\n`)

// TestLint has actionlint's opinion. It knows the inputs of actions by their versions.
func TestLint(t *testing.T) {
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range readAll(t) {
		text := pinned.ReplaceAll(w.Text, []byte("uses: $1@$2\n"))
		faults, err := linter.Lint(w.Path, text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, fault := range faults {
			t.Errorf("%s: %v", name, fault)
		}
	}
}

// A tag can be moved to another commit by whoever takes an action over, a commit cannot.
func TestPinned(t *testing.T) {
	for name, w := range readAll(t) {
		all := bytes.Count(w.Text, []byte("uses: "))
		local := 0
		for job, j := range w.Jobs {
			if j.Uses == "" {
				continue
			}
			local++
			if path, found := strings.CutPrefix(j.Uses, "./"); !found {
				t.Errorf("%s: %s uses %s", name, job, j.Uses)
			} else if _, err := os.Stat(filepath.Join(repository, path)); err != nil {
				t.Errorf("%s: %s: %v", name, job, err)
			}
		}
		if n := len(pinned.FindAll(w.Text, -1)); n == 0 || n+local != all {
			t.Errorf("%s: of %d actions, %d are pinned to a commit, with their version", name, all-local, n)
		}
	}
}

func TestScripts(t *testing.T) {
	makefile, err := os.ReadFile(repository + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var targets, made []string
	for _, match := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllSubmatch(makefile, -1) {
		targets = append(targets, string(match[1]))
	}
	call := regexp.MustCompile(`\bmake ([a-z0-9-]+)`)
	for name, w := range readAll(t) {
		for _, script := range w.scripts() {
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(script)
			if output, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, output)
			}
			for _, match := range call.FindAllStringSubmatch(script, -1) {
				made = append(made, match[1])
				if !slices.Contains(targets, match[1]) {
					t.Errorf("%s: make %s: the Makefile has no such target", name, match[1])
				}
			}
		}
	}
	for _, target := range []string{"release", "image"} {
		if !slices.Contains(made, target) {
			t.Errorf("nothing runs make %s", target)
		}
	}
	info, err := os.Stat(repository + "/.ci/run")
	if err != nil || info.Mode()&0o100 == 0 {
		t.Errorf(".ci/run is no program: %v", err)
	}
	if ci := readAll(t)["ci.yaml"]; !strings.Contains(strings.Join(ci.scripts(), "\n"), " .ci/run") {
		t.Error("ci.yaml does not run .ci/run")
	}
}

// What comes with a pull request gets no right to write. The release has what it needs, for one job.
func TestPermissions(t *testing.T) {
	for name, w := range readAll(t) {
		if w.Permissions == nil {
			t.Errorf("%s takes GitHub's default permissions", name)
		}
		if _, found := w.On["pull_request_target"]; found {
			t.Errorf("%s runs on pull requests with the repository's secrets", name)
		}
		_, pullRequests := w.On["pull_request"]
		sets := []map[string]string{w.Permissions}
		for _, job := range w.Jobs {
			if pullRequests {
				sets = append(sets, job.Permissions)
			}
		}
		for _, permissions := range sets {
			for scope, right := range permissions {
				if right != "read" && right != "none" {
					t.Errorf("%s has the right to %s %s", name, right, scope)
				}
			}
		}
	}
}

// TestNotes runs the step that takes a release's notes from the changelog.
func TestNotes(t *testing.T) {
	var script string
	for _, s := range readAll(t)["release.yaml"].scripts() {
		if strings.Contains(s, "CHANGELOG.md") {
			script = s
		}
	}
	directory := t.TempDir()
	changelog := "# Changelog\n\n## Unreleased\n\n- A\n\n## v1.2.3 (2026-11-24)\n\n- B\n- C\n\n## v1.2.30\n\n## v1.2\n\n- D\n"
	if err := os.WriteFile(filepath.Join(directory, "CHANGELOG.md"), []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"v1.2.3": "\n- B\n- C\n\n", "v1.2": "\n- D\n", "v1.2.30": "", "v2": ""} {
		step := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
		step.Dir = directory
		temporary := t.TempDir()
		step.Env = append(os.Environ(), "GITHUB_REF_NAME="+tag, "RUNNER_TEMP="+temporary)
		output, err := step.CombinedOutput()
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v\n%s", tag, err, output)
		}
		if want == "" {
			continue
		}
		if notes, err := os.ReadFile(filepath.Join(temporary, "notes.md")); err != nil || string(notes) != want {
			t.Errorf("%s: the notes are %q, %v", tag, notes, err)
		}
	}
}

// TestVulnerabilities runs make govulncheck with stubs of that program, by hand and as ci.yaml runs .ci/run. To find
// nothing is success only if there was something to find it in: there, a run without the database fails.
func TestVulnerabilities(t *testing.T) {
	scripts := readAll(t)["ci.yaml"].scripts()
	script := scripts[slices.IndexFunc(scripts, func(s string) bool { return strings.Contains(s, ".ci/run") })]
	makefile, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	const unchecked = "nothing was checked"
	for _, test := range []struct {
		status         string // govulncheck's
		byHand, byFlow bool   // whether make succeeds
		says           string
	}{
		{"0", true, true, ""},
		{"3", false, false, ""},       // it has found something
		{"1", true, false, unchecked}, // no database
		{"2", true, false, unchecked}, // a usage that it does not know
		{"126", true, false, unchecked},
		{"127", true, false, unchecked},
		{"137", true, false, unchecked}, // killed
	} {
		directory := t.TempDir()
		stub := func(name, text string) string {
			path := filepath.Join(directory, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			return path
		}
		program := stub("govulncheck", "exit "+test.status)
		call := "make --no-print-directory -C '" + makefile + "' govulncheck GOVULNCHECK='" + program + "'"
		stub(".ci/run", "exec "+call) // which runs make check, and that this
		stub("bin/sudo", `shift; exec "$@"`)
		for _, way := range []struct {
			name, script string
			succeeds     bool
		}{{"by hand", call, test.byHand}, {"ci.yaml", script, test.byFlow}} {
			command := exec.Command("bash", "-e", "-o", "pipefail", "-c", way.script)
			command.Dir = directory
			command.Env = append(os.Environ(), "MAKEFLAGS=", "REQUIRE_VULNDB=", "PATH="+filepath.Join(directory, "bin")+":"+os.Getenv("PATH"))
			output, err := command.CombinedOutput()
			if (err == nil) != way.succeeds || !strings.Contains(string(output), test.says) || test.says == "" && strings.Contains(string(output), unchecked) {
				t.Errorf("%s, with status %s: %v\n%s", way.name, test.status, err, output)
			}
		}
	}
	// .ci/run reaches it by make check.
	run, err := os.ReadFile(repository + "/.ci/run")
	if err != nil || !regexp.MustCompile(`(?m)^make check$`).Match(run) {
		t.Errorf(".ci/run does not make check: %v", err)
	}
	content, err := os.ReadFile(repository + "/Makefile")
	if err != nil || !regexp.MustCompile(`(?m)^check:.* govulncheck\b`).Match(content) {
		t.Errorf("make check does not make govulncheck: %v", err)
	}
}
