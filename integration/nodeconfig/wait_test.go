package nodeconfig_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// TestWait runs what stays in the DaemonSet's pods, as the pods do: another user, who has nothing. It reads no
// stdin, prints nothing, and ends at once when the pod does.
func TestWait(t *testing.T) {
	args := build(t, "base").daemonSet.Spec.Template.Spec.Containers[0].Args
	process := pullpass.NewProcess(t, binaries.Released, nil, nil, args...)
	process.Dir = "/"
	if os.Geteuid() == 0 {
		process.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 2000713541, Gid: 2000713541}}
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
	if err != nil || run != (pullpass.Run{}) || time.Since(signalled) > time.Second {
		t.Errorf("%+v, %v, %v after the signal", run, err, time.Since(signalled))
	}
}
