package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRestart: the kubelet is restarted when it has to be, and no more.
func TestRestart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantRun(t, m.install("--restart"), 0, "the kubelet was restarted and is healthy after ", nothing)
	wantRestarts(t, m, 1)
	installed, at := snapshot(t, m.root), times(t, m.root)
	for range 2 {
		wantRun(t, m.install("--restart"), 0, "nothing to do\n", nothing)
	}
	wantRestarts(t, m, 1)
	wantSame(t, times(t, m.root), at)

	wantRun(t, m.install("--restart", "--arg", "-v"), 0, "wrote "+configPath, nothing)
	wantRestarts(t, m, 2)
	wantRun(t, m.install("--restart"), 0, "wrote "+configPath, nothing)
	wantRestarts(t, m, 3)
	wantSame(t, snapshot(t, m.root), installed)

	wantRun(t, m.uninstall("--restart"), 0, "removed "+binDir+"/pullpass", nothing)
	wantRestarts(t, m, 4)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestRestartByHand: without --restart, a run says what is to be done, and the next one sees that
// it was done.
func TestRestartByHand(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	if r := m.install(); r.Code != 0 || r.Stderr != "" { // it is not told that the node runs
		t.Errorf("exit code %d, stderr %q", r.Code, r.Stderr)
	}
	wantRun(t, m.install("--status"), 1, "kubelet: the kubelet was not restarted", nothing)
	m.start()
	wantRun(t, m.install("--status"), 1, "kubelet: the kubelet was not restarted", nothing) // it is not known when it started
	wantRun(t, m.install("--restart"), 0, "the kubelet was restarted and is healthy", nothing)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)

	// While it runs with the plugin, the binary stays.
	wantRun(t, m.uninstall("--dry-run"), 0, "--- "+configPath, nothing)
	m.set(func() { m.broken = "Failed to restart: no way" })
	r := m.uninstall("--restart")
	wantRun(t, r, 1, "removed "+configPath, "error: restart kubelet.service: systemctl: Failed to restart: no way\npullpass: hint: restart the kubelet by hand: systemctl restart kubelet.service")
	if m.read(binDir+"/pullpass") == "" {
		t.Error("the running kubelet has lost its plugin")
	}
	m.start()
	wantRun(t, m.uninstall("--restart"), 0, "removed "+binDir+"/pullpass", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestRollback: a configuration with which the kubelet does not become healthy is rolled back, once.
func TestRollback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(m *machine) // before the install
		reason string
		mend   func(m *machine)
	}{
		"it does not start": {
			func(m *machine) {
				m.refuses = func(config string) bool { return config != "" }
			},
			"no kubelet is running",
			func(m *machine) { m.refuses = func(string) bool { return false } },
		},
		"it is not healthy": {
			func(m *machine) {
				m.refuses = func(config string) bool { m.sick = config != ""; return false }
			},
			"the kubelet at http://127.0.0.1:",
			func(m *machine) { m.refuses = func(string) bool { return false } },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.set(func() { c.breaks(m) })
			before := snapshot(t, m.root)
			args := []string{"--platform", "kubeadm"}
			r := m.restartingInstall(args...)
			wantRun(t, r, 1, "restored the previous configuration", "pullpass: error: within 4s: "+c.reason)
			wantRun(t, r, 1, anything, "; rolled back: it runs with its previous configuration\npullpass: hint: see journalctl -u kubelet.service, fix the cause, then add --retry\n")
			wantRestarts(t, m, 2)
			wantSame(t, snapshot(t, m.root), before)
			wantRun(t, m.install("--status"), 1, "rejected: 2", nothing)

			at := times(t, m.root)
			for range 2 {
				wantRun(t, m.restartingInstall(args...), 1, nothing, "and is not tried again: within 4s: "+c.reason)
			}
			wantRestarts(t, m, 2)
			wantSame(t, times(t, m.root), at)
			m.set(func() { c.mend(m) })
			wantRun(t, m.restartingInstall(args...), 1, nothing, "is not tried again")
			wantRun(t, m.restartingInstall(append(args, "--retry")...), 0, "is healthy after", nothing)
			wantRestarts(t, m, 3)
			if text := m.install("--status").Stdout; strings.Contains(text, "rejected") {
				t.Errorf("after all it is still rejected:\n%s", text)
			}
		})
	}
}

// TestRollbackToFormerInstall: back to what ran, which is an install.
func TestRollbackToFormerInstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantRun(t, m.install("--restart"), 0, "is healthy after", nothing)
	installed := snapshot(t, m.root)
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "poison") } })
	wantRun(t, m.restartingInstall("--arg=--poison"), 1, "restored the previous configuration", "no kubelet is running; rolled back: it runs with its previous configuration")
	wantSame(t, snapshot(t, m.root), installed)
	wantRun(t, m.restartingInstall("--arg=--poison"), 1, nothing, "is not tried again")
	wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)
	wantRun(t, m.uninstall("--restart"), 0, "removed", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestRollbackMendsBinary: what ran names the binary, which somebody takes the exec bit from, or
// writes to, while the kubelet is restarted.
func TestRollbackMendsBinary(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(path string) error{
		"mode":    func(path string) error { return os.Chmod(path, 0o644) },
		"content": func(path string) error { return os.Truncate(path, 100) },
		"gone":    os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			wantCode(t, m.install("--restart"), 0)
			installed, path := snapshot(t, m.root), m.path(binDir+"/pullpass")
			m.set(func() {
				m.refuses = func(config string) bool {
					if strings.Contains(config, "poison") {
						must(t, breaks(path))
						return true
					}
					info, err := os.Stat(path)
					return err != nil || info.Mode() != 0o755 || info.Size() < 1000
				}
			})
			wantRun(t, m.restartingInstall("--arg=--poison"), 1, "restored the previous configuration", "; rolled back: it runs with its previous configuration")
			wantSame(t, snapshot(t, m.root), installed)
		})
	}
}

// TestRollbackOfUninstall: the same for an uninstall.
func TestRollbackOfUninstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantRun(t, m.install("--restart"), 0, "is healthy after", nothing)
	installed := snapshot(t, m.root)
	m.set(func() { m.refuses = func(config string) bool { return config == "" } })
	wantRun(t, m.uninstall("--restart", "--restart-timeout", "4s"), 1, "restored the previous configuration", "no kubelet is running; rolled back: it runs with its previous configuration")
	wantSame(t, snapshot(t, m.root), installed)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)
	wantRun(t, m.uninstall("--restart", "--restart-timeout", "4s"), 1, nothing, "is not tried again")
	wantRestarts(t, m, 3)
	m.set(func() { m.refuses = func(string) bool { return false } })
	wantRun(t, m.uninstall("--restart", "--retry"), 0, "removed", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestRollbackOfChangedFiles: what others have changed meanwhile is saved beside the restored files.
func TestRollbackOfChangedFiles(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantCode(t, m.install(), 0)
	m.foreign("/etc/own.yaml")
	m.write(configPath, m.read(configPath)+strings.SplitAfter(foreignConfig, "providers:\n")[1])
	m.write(flagsPath, m.read(flagsPath)+"MORE=1\n")
	config, flags := m.read(configPath), m.read(flagsPath)
	m.set(func() { m.refuses = func(config string) bool { return config != "" } })
	r := m.restartingInstall()
	for _, path := range []string{configPath, flagsPath} {
		wantRun(t, r, 1, "restored the previous configuration", "note: "+path+" was changed after the install: that version is saved as "+path+".before-rollback\n")
	}
	if m.read(configPath+".before-rollback") != config || m.read(flagsPath+".before-rollback") != flags {
		t.Error("what others wrote is not kept")
	}
	if m.read(configPath) != "" || !strings.HasSuffix(before[flagsPath[1:]], m.read(flagsPath)) {
		t.Error("the files are not restored")
	}

	// What is ours alone is not kept.
	m = newMachine(t)
	m.set(func() { m.refuses = func(config string) bool { return config == "" } })
	wantCode(t, m.install("--restart"), 0)
	installed := snapshot(t, m.root)
	wantRun(t, m.uninstall("--restart", "--restart-timeout", "4s"), 1, "restored the previous configuration", "rolled back: it runs with its previous configuration")
	wantSame(t, snapshot(t, m.root), installed)
}

// TestUpdateBeforeRollback: a binary that came in the meantime stays ours.
func TestUpdateBeforeRollback(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := snapshot(t, m.root)
	wantCode(t, m.install("--restart"), 0)
	wantCode(t, m.install("--arg=--poison"), 0)
	binary, err := os.ReadFile(binaries.Released)
	must(t, err)
	newer := filepath.Join(t.TempDir(), "pullpass")
	must(t, os.WriteFile(newer, append(binary, 0), 0o755))
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "poison") } })
	p := newProcess(t, "install", "--root", m.root, "--arg=--poison", "--restart", "--restart-timeout", "4s")
	p.Path = newer
	must(t, p.Start())
	wantRun(t, end(t, p), 1, "wrote "+binDir+"/pullpass\n", "rolled back: it runs with its previous configuration")
	if len(m.read(binDir+"/pullpass")) != len(binary)+1 {
		t.Error("the newer binary is not there")
	}
	wantRun(t, m.uninstall("--restart"), 0, "removed "+binDir+"/pullpass", nothing)
	wantSame(t, snapshot(t, m.root), before)
	wantNoState(t, m)
}

// TestOthersAreNotForgiven: what was rejected is not tried again because something else is fine.
func TestOthersAreNotForgiven(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.set(func() { m.refuses = func(config string) bool { return strings.Contains(config, "poison") } })
	wantRun(t, m.restartingInstall("--arg=--poison"), 1, "restored the previous configuration", "rolled back: it runs with its previous configuration")
	wantRun(t, m.install("--restart"), 0, "is healthy after", nothing)
	wantRun(t, m.restartingInstall("--arg=--poison"), 1, nothing, "is not tried again")
}

// TestNeverHealthy: what is said when the kubelet comes back with neither.
func TestNeverHealthy(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.set(func() { m.refuses = func(string) bool { m.sick = true; return false } }) // from the next start on
	before := snapshot(t, m.root)
	r := m.restartingInstall()
	wantRun(t, r, 1, "restored the previous configuration", "answers 500 Internal Server Error; it does not become healthy with its previous configuration either, within 4s: the kubelet at http://127.0.0.1:")
	wantSame(t, snapshot(t, m.root), before)
	wantRun(t, m.restartingInstall(), 1, nothing, "is not tried again")
	wantRestarts(t, m, 2)
}

// TestCrashLoop: a kubelet that is healthy for a moment and comes again as another process is not
// healthy.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for loops := false; ; {
			select {
			case <-stop:
				return
			case <-m.asked:
				loops = !loops // not after the second restart
			case <-time.After(300 * time.Millisecond):
				if loops {
					m.start()
				}
			}
		}
	}()
	before := snapshot(t, m.root)
	wantRun(t, m.restartingInstall(), 1, "restored the previous configuration", "within 4s: ")
	close(stop)
	<-stopped
	wantSame(t, snapshot(t, m.root), before)
}

// TestNoHealthz: a kubelet that is set not to answer has to live for a while.
func TestNoHealthz(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("/run/kubelet.yaml", "kind: KubeletConfiguration\nhealthzPort: 0\n")
	m.set(func() { m.sick = true }) // nobody asks
	wantRun(t, m.install("--restart"), 0, "the kubelet was restarted and is healthy after 1", nothing)
}

// TestNoKubelet: where none runs, none is restarted; the next run looks at the one that has started.
func TestNoKubelet(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.stop()
	wantRun(t, m.install("--restart"), 0, "wrote "+flagsPath, "note: no kubelet is running: it will use this configuration when it starts")
	wantRestarts(t, m, 0)
	wantRun(t, m.install("--status"), 1, "pending: the kubelet has not run with the latest change yet", nothing)
	m.start()
	wantRun(t, m.install("--status"), 0, "pending: the kubelet has not run with the latest change yet", nothing)
	wantRun(t, m.install("--restart"), 0, "the kubelet is healthy with the previous change\n", nothing)
	wantRun(t, m.install("--restart"), 0, "nothing to do\n", nothing)
	wantRestarts(t, m, 0)
}

// TestStopped: a run that ends while it waits for the kubelet leaves the rest to the next one.
func TestStopped(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for _, comesBack := range []bool{true, false} {
			t.Run(fmt.Sprint(signal, ", comes back: ", comesBack), func(t *testing.T) {
				t.Parallel()
				m := newMachine(t)
				before := snapshot(t, m.root)
				m.set(func() { m.refuses = func(config string) bool { return config != "" } })
				p := launch(t, "install", "--root", m.root, "--restart")
				m.awaitRestart(t)
				await(t, func() bool { running, restarts := m.runs(); return restarts == 1 && !running })
				must(t, p.Process.Signal(signal))
				switch r := end(t, p); {
				case signal == syscall.SIGTERM:
					wantRun(t, r, 1, "wrote "+flagsPath, "error: stopped by a signal before the kubelet was healthy: the next run finishes the job")
				case r.Code != -1:
					t.Errorf("the exit code of a killed process is %d", r.Code)
				}
				const note = "note: an earlier run restarted the kubelet and did not see it healthy: waiting for it"
				if comesBack {
					m.set(func() { m.refuses = func(string) bool { return false } })
					m.start()
					wantRun(t, m.install("--restart"), 0, "is healthy after", note)
					wantRestarts(t, m, 1)
					wantRun(t, m.install("--restart"), 0, "nothing to do", nothing)
					return
				}
				r := m.restartingInstall()
				wantRun(t, r, 1, "restored the previous configuration", note)
				wantRun(t, r, 1, anything, "is not tried again: within 4s: no kubelet is running")
				wantRestarts(t, m, 2)
				wantSame(t, snapshot(t, m.root), before)
			})
		}
	}
}

// TestTwoAtOnce: one waits for the other.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	held := make(chan struct{})
	m.set(func() { m.held = held })
	first := launch(t, "install", "--root", m.root, "--restart")
	m.awaitRestart(t)
	stderr := &watched{found: make(chan struct{}), text: "note: another install or uninstall is running: waiting for it"}
	second := newProcess(t, "install", "--root", m.root, "--restart")
	second.Stderr = stderr
	must(t, second.Start())
	select {
	case <-stderr.found:
	case <-time.After(time.Minute):
		t.Error("the second one does not say that it waits")
	}
	close(held)
	wantRun(t, end(t, first), 0, "is healthy after", nothing)
	wantRun(t, end(t, second), 0, "nothing to do", nothing)
	wantRestarts(t, m, 1)
	wantRun(t, m.install("--status"), 0, "runs with it and is healthy", nothing)
}

// TestFailedRestart: if systemctl does not restart anything, nothing is rolled back.
func TestFailedRestart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.set(func() { m.broken = "Failed to restart kubelet.service: Access denied\nmore of it" })
	r := m.restartingInstall()
	wantRun(t, r, 1, "wrote "+flagsPath, "error: restart kubelet.service: systemctl: Failed to restart kubelet.service: Access denied\npullpass: hint: restart the kubelet by hand: systemctl restart kubelet.service\n")
	wantRun(t, m.install("--status"), 1, "kubelet: the kubelet was not restarted", nothing)
	m.set(func() { m.broken = "" })
	wantRun(t, m.install("--restart"), 0, "is healthy after", nothing)
}

// awaitRestart waits until systemctl is asked for a restart.
func (m *machine) awaitRestart(t *testing.T) {
	t.Helper()
	select {
	case <-m.asked:
	case <-time.After(time.Minute):
		t.Fatal("systemctl is not called")
	}
}

func wantRestarts(t *testing.T, m *machine, want int) {
	t.Helper()
	running, restarts := m.runs()
	if restarts != want {
		t.Errorf("the kubelet was restarted %d times, want %d", restarts, want)
	}
	if want > 0 && !running {
		t.Error("no kubelet is running")
	}
}

func wantNoState(t *testing.T, m *machine) {
	t.Helper()
	if _, ok := times(t, m.root)["var/lib/pullpass/install.json"]; ok {
		t.Error("the state is left")
	}
}

// await waits until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

// watched is a stderr that tells when a text has come.
type watched struct {
	text  string
	all   strings.Builder
	found chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	had := strings.Contains(w.all.String(), w.text)
	w.all.Write(p)
	if !had && strings.Contains(w.all.String(), w.text) {
		close(w.found)
	}
	return len(p), nil
}
