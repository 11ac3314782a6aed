package nodeconfig_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestWait runs what stays in the DaemonSet's pods, as the pods do: another user, who has nothing but root's group, by
// which it reads the log. It reads no stdin, prints the log, and ends at once when the pod does.
func TestWait(t *testing.T) {
	const line = "time=2026-10-05T12:00:00Z level=info msg=test\n"
	directory := t.TempDir()
	for _, path := range []string{filepath.Dir(directory), directory} { // as /var/log is
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(directory, "pullpass.log")
	if err := os.WriteFile(log, []byte(line), 0o640); err != nil {
		t.Fatal(err)
	}
	pod := build(t, "base").daemonSet.Spec.Template.Spec
	container := pod.Containers[0]
	var args []string
	for _, arg := range container.Args {
		args = append(args, strings.Replace(arg, "/var/log/pullpass/pullpass.log", log, 1))
	}
	process := pullpass.NewProcess(t, binaries.Released, nil, nil, args...)
	process.Dir = "/"
	if os.Geteuid() == 0 {
		process.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{
			Uid: uint32(*pod.SecurityContext.RunAsUser), Gid: uint32(*container.SecurityContext.RunAsGroup),
		}}
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // it has started by then, also on a busy machine
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	signalled := time.Now()
	run, err := process.End()
	if err != nil || run != (pullpass.Run{Stdout: line}) || time.Since(signalled) > time.Second {
		t.Errorf("%+v, %v, %v after the signal", run, err, time.Since(signalled))
	}
}
