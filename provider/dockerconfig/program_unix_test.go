//go:build unix

package dockerconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// programs returns Programs with the helper docker-credential-x, a script of sh. The working
// directory of a test is the directory of the helper.
func programs(t *testing.T, script string) Programs {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, filepath.Join(dir, "docker-credential-x"), "#!/bin/sh\n"+script, 0o700)
	return Programs{Environ: []string{"PATH=" + dir + ":/usr/bin:/bin"}, Timeout: time.Minute}
}

func TestPrograms(t *testing.T) {
	const server = "https://index.docker.io/v1/"
	tests := []struct{ name, script, username, password, err string }{
		{
			name:     "answer",
			script:   `test "$#$1" = 1get && printf '{"ServerURL": "%s", "Username": "me", "Secret": "s3cret"}\n' "$(cat)" && echo s3cret >&2`,
			username: "me", password: "s3cret",
		},
		{
			name:     "its input is the server",
			script:   `printf '{"Username": "me", "Secret": "%s"}' "$(cat)"`,
			username: "me", password: server,
		},
		{
			name:     "its environment is ours to give",
			script:   `printf '{"Username": "me", "Secret": "%s"}' "$(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | grep -c .)"`,
			username: "me", password: "1",
		},
		{name: "not found", script: `echo credentials not found in native keychain; exit 1`, err: noCredential},
		{name: "empty answer", script: `echo '{"ServerURL": "", "Username": "", "Secret": ""}'`, err: noCredential},
		{name: "failure", script: `echo s3cret; echo s3cret >&2; exit 3`, err: `ask credential helper "x": exit status 3`},
		{name: "no server", script: `echo no credentials server URL; exit 1`, err: `ask credential helper "x": exit status 1`},
		{name: "killed", script: `echo s3cret; kill -9 $$`, err: `ask credential helper "x": signal: killed`},
		{name: "silence", script: ``, err: `ask credential helper "x": its answer is not the JSON of a credential`},
		{name: "not JSON", script: `echo s3cret`, err: `ask credential helper "x": its answer is not the JSON of a credential`},
		{name: "JSON of another type", script: `echo '{"Username": "me", "Secret": ["s3cret"]}'`, err: `ask credential helper "x": its answer is not the JSON of a credential`},
		{name: "identity token", script: `echo '{"Username": "<token>", "Secret": "s3cret"}'`, err: `ask credential helper "x": ` + tokenOnly},
		{name: "control character", script: `echo '{"Username": "me\u0000", "Secret": "s3cret"}'`, err: `ask credential helper "x": the username contains control characters`},
		{name: "endless answer", script: `exec yes s3cret`, err: `ask credential helper "x": its answer is longer than 1 MiB`},
		{name: "endless answer in spite of a broken pipe", script: `trap '' PIPE; while :; do yes s3cret; done`, err: `ask credential helper "x": its answer is longer than 1 MiB`},
		{name: "not a program", script: "\x00", err: `ask credential helper "x": its answer is not the JSON of a credential`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := programs(t, test.script)
			start := time.Now()
			credential, err := p.Get(t.Context(), "x", server)
			if took := time.Since(start); took > p.Timeout/2 {
				t.Errorf("it took %s", took)
			}
			if text(err) != test.err || errors.Is(err, provider.ErrNone) != (test.err == noCredential) {
				t.Errorf("the error is %q, want %q", text(err), test.err)
			}
			if strings.Contains(text(err)+provider.Hint(err), "s3cret") {
				t.Errorf("the secret is in the error %q, hint %q", err, provider.Hint(err))
			}
			if credential.Username != test.username || credential.Password.Reveal() != test.password {
				t.Errorf("the credential is %q %q, want %q %q", credential.Username, credential.Password.Reveal(), test.username, test.password)
			}
		})
	}
}

func TestProgramsFind(t *testing.T) {
	good := programs(t, `echo '{"Username": "me", "Secret": "s3cret"}'`)
	dir := strings.TrimPrefix(strings.Split(good.Environ[0], ":")[0], "PATH=")
	write(t, filepath.Join(dir, "docker-credential-data"), "no program", 0o600)
	tests := []struct {
		name    string
		helper  string
		environ []string
		err     string
	}{
		{name: "in PATH", helper: "x", environ: []string{"PATH=/nowhere:" + dir}},
		{name: "the last PATH counts", helper: "x", environ: []string{"PATH=/nowhere", "PATH=" + dir}},
		{name: "not in PATH", helper: "x", environ: []string{"PATH=/nowhere"}, err: `ask credential helper "x": no program docker-credential-x in PATH`},
		{name: "no environment", helper: "x", err: `ask credential helper "x": no program docker-credential-x in PATH`},
		{name: "in the working directory", helper: "x", environ: []string{"PATH=.::../" + filepath.Base(dir)}, err: `ask credential helper "x": no program docker-credential-x in PATH`},
		{name: "not executable", helper: "data", environ: []string{"PATH=" + dir}, err: `ask credential helper "data": no program docker-credential-data in PATH`},
		{name: "a path", helper: "../x", environ: []string{"PATH=" + dir}, err: `ask credential helper "../x": only letters, digits and - _ . can stand in its name`},
		{name: "a path of Windows", helper: `..\x`, environ: []string{"PATH=" + dir}, err: `ask credential helper "..\\x": only letters, digits and - _ . can stand in its name`},
		{name: "no name", helper: "", environ: []string{"PATH=" + dir}, err: `ask credential helper "": only letters, digits and - _ . can stand in its name`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Programs{Environ: test.environ, Timeout: time.Minute}.Get(t.Context(), test.helper, "reg.io")
			if text(err) != test.err {
				t.Errorf("the error is %q, want %q", text(err), test.err)
			}
		})
	}
}

// The scripts of the tests below start a process that lives for an hour, and write its id.

func TestProgramsEndAtTimeout(t *testing.T) {
	p := programs(t, `sleep 3600 & echo $! >pid; echo s3cret; wait`)
	p.Timeout = 2 * time.Second
	_, err := p.Get(t.Context(), "x", "reg.io")
	if want := `ask credential helper "x": no answer within 2s`; text(err) != want {
		t.Errorf("the error is %q, want %q", text(err), want)
	}
	checkEnded(t, "pid")
}

func TestProgramsEndWithContext(t *testing.T) {
	p := programs(t, `sleep 3600 & echo $! >pid; wait`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(readPID("pid")) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	if _, err := p.Get(ctx, "x", "reg.io"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that of the context", err)
	}
	checkEnded(t, "pid")
}

func TestProgramsLeaveNothingBehind(t *testing.T) {
	tests := []struct{ name, script, err string }{
		{name: "after an answer", script: `sleep 3600 & echo $! >pid; echo '{"Username": "me", "Secret": "s3cret"}'`},
		{name: "after an answer, detached from stdout", script: `sleep 3600 >/dev/null & echo $! >pid; echo '{"Username": "me", "Secret": "s3cret"}'`},
		{name: "after a failure", script: `sleep 3600 & echo $! >pid; exit 1`, err: `ask credential helper "x": exit status 1`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := programs(t, test.script)
			start := time.Now()
			_, err := p.Get(t.Context(), "x", "reg.io")
			if text(err) != test.err {
				t.Errorf("the error is %q, want %q", text(err), test.err)
			}
			if took := time.Since(start); took > p.Timeout/2 {
				t.Errorf("it took %s", took)
			}
			checkEnded(t, "pid")
		})
	}
}

// checkEnded waits until the process whose id is in the file has ended.
func checkEnded(t *testing.T, file string) {
	t.Helper()
	pid, err := strconv.Atoi(readPID(file))
	if err != nil {
		t.Fatalf("the helper wrote no process id: %v", err)
	}
	for deadline := time.Now().Add(20 * time.Second); !ended(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d, started by the helper, is still there", pid)
		}
	}
}

// ended also holds for a zombie: nobody may be there to reap it in a container.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

// readPID returns the id in the file, "" while it has not been written in full.
func readPID(file string) string {
	data, _ := os.ReadFile(file)
	pid, _, _ := strings.Cut(string(data), "\n")
	return pid
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
