//go:build unix

package systemd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// fakeSystemctl is the only program in PATH; it logs its arguments.
func fakeSystemctl(t *testing.T, script string) (log string) {
	t.Helper()
	directory := t.TempDir()
	log = filepath.Join(directory, "log")
	text := "#!/bin/sh\necho \"$*\" >> " + log + "\n" + script
	if err := os.WriteFile(filepath.Join(directory, "systemctl"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory)
	return log
}

func TestRestart(t *testing.T) {
	t.Setenv("SYSTEMD_OFFLINE", "1")
	log := fakeSystemctl(t, "read line && exit 9\n[ \"$SYSTEMD_OFFLINE\" = 0 ]\n") // stdin is empty
	if err := Systemctl(t.Context(), "restart", "kubelet.service"); err != nil {
		t.Error(err)
	}
	if err := Systemctl(t.Context(), "reset-failed", `k3s-agent@1_x:y\x2d.service`); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(log)
	if want := "restart kubelet.service\nreset-failed k3s-agent@1_x:y\\x2d.service\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestRestartFails(t *testing.T) {
	fakeSystemctl(t, "echo 'Job for kubelet.service failed.' >&2\necho 'See the journal.' >&2\nexit 1\n")
	err := Systemctl(t.Context(), "restart", "kubelet.service")
	if err == nil || err.Error() != "restart kubelet.service: systemctl: Job for kubelet.service failed." {
		t.Error(err)
	}
	fakeSystemctl(t, "exit 4\n")
	err = Systemctl(t.Context(), "reset-failed", "kubelet.service")
	if err == nil || err.Error() != "reset-failed kubelet.service: systemctl: exit status 4" || provider.Hint(err) != "" {
		t.Error(err)
	}
	// What it says in a PID namespace of its own.
	fakeSystemctl(t, "echo 'Failed to connect to bus: No data available' >&2\nexit 1\n")
	err = Systemctl(t.Context(), "restart", "kubelet.service")
	if err == nil || err.Error() != "restart kubelet.service: systemctl: Failed to connect to bus: No data available" || !strings.Contains(provider.Hint(err), "hostPID") {
		t.Errorf("%v, hint %q", err, provider.Hint(err))
	}
}

// TestRestartCalledOff: systemctl is ended with the context, also if a child of it holds its stderr.
func TestRestartCalledOff(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	fakeSystemctl(t, "/bin/sleep 60 &\necho $! > "+ready+".new\n/bin/mv "+ready+".new "+ready+"\nwait\n")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Systemctl(ctx, "restart", "kubelet.service") }()
	var child int
	for child == 0 {
		select {
		case err := <-done:
			t.Fatalf("ended early: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		data, err := os.ReadFile(ready)
		if err == nil {
			child, err = strconv.Atoi(strings.TrimSpace(string(data)))
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	cancel()
	defer syscall.Kill(child, syscall.SIGKILL)
	if err := <-done; !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "restart kubelet.service: ") {
		t.Error(err)
	}
}

// TestUnitNames: what is no name of one service does not get to systemctl.
func TestUnitNames(t *testing.T) {
	log := fakeSystemctl(t, "exit 0\n")
	for _, unit := range []string{"", ".service", "-x.service", "--force.service", "kubelet", "kubelet.target", "*.service", "a b.service", "a/b.service", "a\n.service"} {
		if err := Systemctl(t.Context(), "restart", unit); err == nil {
			t.Errorf("%q was restarted", unit)
		}
	}
	if _, err := os.Stat(log); err == nil {
		t.Error("systemctl was run")
	}
}
