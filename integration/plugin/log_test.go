package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// pullOnce runs the plugin as the kubelet does, without -v.
func pullOnce(t *testing.T, env []string, image string, args ...string) run {
	t.Helper()
	return start(t, env, strings.NewReader(requestFor(image)), args...)
}

// logged returns the lines of a log without their times, none if there is no file.
func logged(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	timed := regexp.MustCompile(`^time=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (.*)\n$`)
	var lines []string
	for line := range strings.Lines(string(data)) {
		found := timed.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("%q is not a line", line)
		}
		lines = append(lines, found[1])
	}
	return lines
}

// TestLog: what becomes of a pull is in the log, whatever the exit code, and whether a flag or the config names the file.
func TestLog(t *testing.T) {
	aws := newAWSCloud(t)
	broken := write(t, "config.json", `{"auths": {"docker.io": {"auth": "?"}}}`)
	for name, c := range map[string]struct {
		image, rules string
		env          []string
		code         int
		want         string
	}{
		"fetched":  {image: aws.image, env: aws.env, want: `level=info registry=` + aws.host + ` provider=ecr msg="fetched a credential that expires at 20\d\d-[^"]*"`},
		"no login": {image: "docker.io/acme/app", want: `level=info registry=docker.io provider=dockerhub msg="no credential for docker.io/acme/app: .*"`},
		"no rule":  {image: "quay.io/acme/app", want: `level=info registry=quay.io msg="no credential for quay.io/acme/app: no provider claims the host quay.io"`},
		"failed": {image: "docker.io/acme/app", rules: "registries:\n- {match: docker.io, provider: dockerhub, dockerhub: {dockerConfig: " + broken + "}}\n", code: 1,
			want: `level=error registry=docker.io provider=dockerhub msg=".*config.json.*"( hint=".*")?`},
		"no config": {image: aws.image, rules: "registries:\n- {match: nowhere}\n", code: 1, want: `level=error msg="read the config: .*"`},
	} {
		for _, by := range []string{"flag", "config"} {
			if by == "config" && name == "no config" {
				continue // then it names no log
			}
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "pullpass.log")
				settings, args := "", []string{"--log-file=" + path}
				if by == "config" {
					settings, args = "log: {file: "+path+"}\n", nil
				}
				file := write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\n"+settings+c.rules)
				r := pullOnce(t, c.env, c.image, append(args, "--config", file)...)
				lines := logged(t, path)
				if r.code != c.code || len(lines) != 1 || !regexp.MustCompile("^"+c.want+"$").MatchString(lines[0]) {
					t.Errorf("exit code %d, want %d; logged %q, want %s\n%s", r.code, c.code, lines, c.want, r.stderr)
				}
				if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
					t.Errorf("%v, %v", info, err)
				}
			})
		}
	}
}

// TestLogFlagWins: the flag names the file, whatever the config says, and without either there is none.
func TestLogFlagWins(t *testing.T) {
	directory := t.TempDir()
	flag, settings := filepath.Join(directory, "flag.log"), filepath.Join(directory, "config.log")
	file := write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\nlog: {file: "+settings+"}\n")
	pullOnce(t, nil, "quay.io/acme/app", "--config", file, "--log-file", flag)
	if len(logged(t, flag)) != 1 || len(logged(t, settings)) != 0 {
		t.Errorf("by the flag %q, by the config %q", logged(t, flag), logged(t, settings))
	}
}

// TestLogOfHit: an answer from the cache does not touch the log, also if there is a warning. A log that cannot be opened
// would be one on stderr.
func TestLogOfHit(t *testing.T) {
	aws, s := newAWSCloud(t), newStore(t)
	path := filepath.Join(t.TempDir(), "pullpass.log")
	file := write(t, "config.yaml", "apiVersion: pullpass/v1\nkind: Config\ncache: {dir: "+string(s)+"}\nlog: {file: "+path+"}\n")
	env := join(aws.env, s.env(), []string{"PULLPASS_CACHE_DIR=relative"})
	pull := func() run { return pullOnce(t, env, aws.image, "--config", file) }
	aws.accepts(t, pull())
	if lines := logged(t, path); len(lines) != 2 || !strings.Contains(lines[0], "level=warning") || !strings.Contains(lines[1], "fetched a credential") {
		t.Fatalf("logged %q", lines)
	}
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700))
	before, err := os.Stat(filepath.Dir(path))
	must(t, err)
	r := pull()
	aws.accepts(t, r)
	aws.fetched(t, 1)
	if !strings.Contains(r.stderr, "PULLPASS_CACHE_DIR") || strings.Contains(r.stderr, "log") {
		t.Errorf("stderr is %q", r.stderr)
	}
	if after, err := os.Stat(filepath.Dir(path)); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the directory was changed: %v, %v", after, err)
	}
}

// TestLogBurst: a hundred processes at once leave a whole line each.
func TestLogBurst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pullpass.log")
	env := newStore(t).env()
	var calls []call
	for i := range 100 {
		calls = append(calls, call{image: fmt.Sprintf("docker.io/acme/app-%d", i), env: env, args: []string{"--log-file", path}})
	}
	for i, r := range burst(t, binaries.Released, calls) {
		if r.code != 0 || len(r.response.Auth) != 0 {
			t.Errorf("%d: exit code %d, %s", i, r.code, r.stderr)
		}
	}
	seen := map[string]bool{}
	lines := logged(t, path)
	for _, line := range lines {
		found := regexp.MustCompile(`^level=info registry=docker.io provider=dockerhub msg="no credential for docker.io/acme/(app-\d+): .*"$`).FindStringSubmatch(line)
		if found == nil {
			t.Errorf("a line is %q", line)
			continue
		}
		seen[found[1]] = true
	}
	if len(lines) != len(calls) || len(seen) != len(calls) {
		t.Errorf("%d lines about %d images, want %d", len(lines), len(seen), len(calls))
	}
}

// TestLogRotated: a full file is renamed, once, and an older one is replaced.
func TestLogRotated(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "pullpass.log")
	full := strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024)
	must(t, os.WriteFile(path, []byte(full), 0o640))
	must(t, os.WriteFile(path+".1", []byte("old\n"), 0o640))
	var calls []call
	for i := range 20 {
		calls = append(calls, call{image: fmt.Sprintf("quay.io/acme/app-%d", i), args: []string{"--log-file", path}})
	}
	burst(t, binaries.Released, calls)
	old, err := os.ReadFile(path + ".1")
	if err != nil || !strings.HasPrefix(string(old), full) {
		t.Errorf("the older file has %d bytes, %v", len(old), err)
	}
	if n := strings.Count(string(old[min(len(full), len(old)):]), "\n") + len(logged(t, path)); n != len(calls) {
		t.Errorf("%d lines, want %d", n, len(calls))
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 2 {
		t.Errorf("the directory holds %v, %v", entries, err)
	}
}

// TestLogFollowed has pullpass wait print what the plugin logs, over a rotation, as the DaemonSet does.
func TestLogFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pullpass.log")
	printed := filepath.Join(t.TempDir(), "printed")
	out, err := os.Create(printed)
	must(t, err)
	defer out.Close()
	wait := pullpass.NewProcess(t, binaries.Tested, pullpass.Offline(t), nil, "wait", "--log-file", path)
	wait.Stdout = out
	must(t, wait.Start())
	for i := range 3 {
		image := fmt.Sprintf("quay.io/acme/app-%d", i)
		pullOnce(t, nil, image, "--log-file", path)
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			data, err := os.ReadFile(printed)
			must(t, err)
			if strings.Contains(string(data), image) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s is not printed:\n%s", image, data)
			}
		}
		if i == 1 {
			must(t, os.Rename(path, path+".1"))
		}
	}
	must(t, wait.Process.Signal(os.Interrupt))
	if r, err := wait.End(); err != nil || r.Code != 0 || r.Stderr != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if lines := logged(t, printed); len(lines) != 3 {
		t.Errorf("printed %q", lines)
	}
}
