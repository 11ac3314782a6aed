package trust_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSetUIDProcess is an attack as a whole. The owner of the directory of root's AWS config starts a set-uid
// program: the arguments of its process are a file of root's, which nobody else can write. He puts a link to it
// in place of the config, and so has his credential_process run by root. The hints lead to no better state.
func TestSetUIDProcess(t *testing.T) {
	p := newPlace(t, startClouds(t), root)
	ran := filepath.Join(p.base, "ran")
	home := filepath.Join(p.base, "root")
	aws := filepath.Join(home, ".aws")
	must(t, os.MkdirAll(aws, 0o755))
	must(t, os.Chown(aws, stranger, stranger))

	program := filepath.Join(p.base, "set-uid")
	if output, err := exec.CommandContext(t.Context(), "cp", "/bin/sleep", program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	must(t, os.Chmod(program, 0o755|os.ModeSetuid))
	victim := exec.CommandContext(t.Context(), program)
	victim.Args = []string{"\n[default]\ncredential_process = /bin/touch " + ran + "\n", "3600"}
	victim.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	must(t, victim.Start())
	t.Cleanup(func() {
		victim.Process.Kill()
		victim.Wait()
	})
	arguments := fmt.Sprintf("/proc/%d/cmdline", victim.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(arguments)
		must(t, err)
		if strings.Contains(string(text), "touch") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the process does not show its arguments")
		}
	}
	info, err := os.Stat(arguments)
	must(t, err)
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != root {
		t.Fatalf("the arguments belong to user %d: the test is of no use here", owner)
	}

	config := filepath.Join(aws, "config")
	asStranger(t, "ln", "-s", arguments, config)
	s := p.ecr(config, "HOME="+home)
	for _, step := range []struct {
		follow []string // the hint of the step before
		want   []string
	}{
		{nil, []string{config + ": the owner of " + aws + ", user 65534, can change where credentials go", "\npullpass: hint: chown root " + aws + " after checking what is in it"}},
		{[]string{"chown", "root", aws}, []string{config + ": its owner, user 65534, can change where credentials go", "\npullpass: hint: chown -h root " + config + " after checking where it leads"}},
		{[]string{"chown", "-h", "root", config}, []string{config + ": /proc is on procfs, where other users decide what a file holds"}},
	} {
		if step.follow != nil {
			if output, err := exec.CommandContext(t.Context(), step.follow[0], step.follow[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
		}
		must(t, os.RemoveAll(filepath.Join(p.base, "home", "cache"))) // a failure is remembered
		r := p.run(t, s)
		if r.Code != 1 || r.Stdout != "" {
			t.Errorf("exit code %d", r.Code)
		}
		for _, want := range step.want {
			if !strings.Contains(r.Stderr, want) {
				t.Errorf("after %v: no %q in:\n%s", step.follow, want, r.Stderr)
			}
		}
		if _, err := os.Stat(ran); err == nil {
			t.Fatal("root has run the stranger's program")
		}
	}
}

// asStranger runs a program as the stranger.
func asStranger(t *testing.T, program string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "setpriv", append([]string{
		fmt.Sprint("--reuid=", stranger), fmt.Sprint("--regid=", stranger), "--clear-groups", "--", program,
	}, arguments...)...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, output)
	}
}
