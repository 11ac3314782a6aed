package node

import (
	"bufio"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A machine has its own mounts and processes, in namespaces of the kernel, and a cgroup. The rest
// is this machine's: network and devices. It ends with its first process, which ends when the
// test's process does, however that comes.
type machine struct {
	init   *exec.Cmd
	stdin  io.Closer // its end is the machine's
	cgroup string    // path below the root of the hierarchies
}

//go:embed machine.sh
var machineScript string

// startMachine starts a machine that ends with the test.
func startMachine(t testing.TB) *machine {
	t.Helper()
	if _, err := claimCgroups(); err != nil {
		t.Fatal(err)
	}
	cgroup := cgroupPrefix + rand.Text()
	m := &machine{init: exec.Command("sh", "-c", machineScript, "sh", t.TempDir(), cgroup), cgroup: "/" + cgroup}
	m.init.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	var stderr strings.Builder
	m.init.Stderr = &stderr
	stdin, err := m.init.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.stdin = stdin
	stdout, err := m.init.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.init.Start(); err != nil {
		t.Fatalf("start a process in new namespaces: %v", err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		err := m.stop() // after which stderr is whole
		t.Fatalf("make a machine: %v\n%s", err, stderr.String())
	}
	t.Cleanup(func() {
		if err := m.stop(); err != nil {
			t.Errorf("end the machine: %v", err)
		}
	})
	return m
}

// stop returns when all processes of the machine have ended.
func (m *machine) stop() error {
	err := m.stdin.Close()
	return errors.Join(err, m.init.Wait())
}

// path is where a file of the machine is seen from here. It must not lead through a symbolic
// link with an absolute target.
func (m *machine) path(path string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", m.init.Process.Pid), path)
}

// write writes a file of the machine, and the directories above it.
func (m *machine) write(path, content string) error {
	path = m.path(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}

// start starts a command on the machine. Its path is that of a file that is the same on both;
// its working directory is / unless it names one. It must be waited for.
func (m *machine) start(command *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			// The main thread would keep the machine's mounts for as long as this process runs.
			// While it is taken, another is used.
			started <- m.start(command)
			runtime.UnlockOSThread()
			return
		}
		// A thread that is not unlocked ends with this function, and nothing else has to run where
		// it has gone.
		if err := m.enter(); err != nil {
			started <- fmt.Errorf("enter the machine: %w", err)
			return
		}
		started <- command.Start()
	}()
	return <-started
}

// enter takes the calling thread into the machine, and the processes that it starts.
func (m *machine) enter() error {
	pid, err := unix.PidfdOpen(m.init.Process.Pid, 0)
	if err != nil {
		return os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(pid)
	// The working directory of all threads is one, and each machine has its own.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	return os.NewSyscallError("setns", unix.Setns(pid, unix.CLONE_NEWNS|unix.CLONE_NEWPID))
}
