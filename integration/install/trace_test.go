package install_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/pullpass/pullpass/integration/pullpass"
)

// traced runs pullpass and kills it after its n-th system call that has changed files or started
// a program, before it does anything else; 0 is never. It returns the names of such calls.
func traced(t *testing.T, n int, args ...string) (r pullpass.Run, calls []string) {
	t.Helper()
	tracer := tracer{n: n}
	return tracer.trace(t, args...), tracer.calls
}

// trace runs pullpass.
func (r *tracer) trace(t *testing.T, args ...string) pullpass.Run {
	t.Helper()
	command := exec.Command(binaries.Released, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Env = pullpass.Offline(t)
	command.SysProcAttr = asRoot()
	command.SysProcAttr.Ptrace = true
	command.SysProcAttr.Setpgid = true
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		// All of ptrace is between a process and the thread that has started it. The thread ends
		// with this function, and takes the process with it.
		runtime.LockOSThread()
		if err = command.Start(); err == nil {
			r.pid, r.at, r.entered = command.Process.Pid, map[int]string{}, map[int]string{}
			err = r.run()
		}
	}()
	<-done
	if err != nil {
		t.Fatalf("trace pullpass: %v", err)
	}
	command.Wait() // it has been waited for already; this is for its output
	return pullpass.Run{Code: r.status.ExitStatus(), Stdout: stdout.String(), Stderr: stderr.String()}
}

type tracer struct {
	pid     int
	n       int // the call to kill it after
	calls   []string
	fails   func(sync int) bool // whether a sync, the first is 1, is to fail; nil if none is
	syncs   int
	paths   map[string]bool    // whether a path that was opened or looked for is there; nil if nobody asks
	at      map[int]string     // the path of the call that a thread is in
	entered map[int]string     // the call that a thread is in
	status  syscall.WaitStatus // of the process that has ended
}

// run goes with a process that has stopped at its start until it has ended.
func (r *tracer) run() error {
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	for begun := false; ; {
		// The process's group is its own: this thread may have started others for other tests.
		id, err := syscall.Wait4(-r.pid, &r.status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("wait4: %w", err)
		case id == r.pid && (r.status.Exited() || r.status.Signaled()):
			return nil
		case !r.status.Stopped():
			continue // a thread has ended
		}
		if !begun {
			begun = true
			if err := syscall.PtraceSetOptions(r.pid, options); err != nil {
				return fmt.Errorf("ptrace: %w", err)
			}
		}
		signal := int(r.status.StopSignal())
		switch signal {
		case int(syscall.SIGTRAP) | 0x80: // at a system call
			r.atCall(id)
			signal = 0
		case int(syscall.SIGTRAP), int(syscall.SIGSTOP): // events of ptrace itself
			signal = 0
		}
		if err := syscall.PtraceSyscall(id, signal); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("ptrace: %w", err)
		}
	}
}

// atCall looks at a thread that is about to make a system call, or has made it.
func (r *tracer) atCall(id int) {
	// struct ptrace_syscall_info of linux/ptrace.h: op, and at 24 for the entry the number and the
	// arguments, for the exit the result and whether it is an error.
	var info [88]byte
	if _, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(id), uintptr(len(info)), uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return // the thread has ended
	}
	switch info[0] {
	case unix.PTRACE_SYSCALL_INFO_ENTRY:
		number, argument := binary.NativeEndian.Uint64(info[24:]), func(n int) uint64 { return binary.NativeEndian.Uint64(info[32+8*n:]) }
		r.entered[id] = change(number, argument)
		r.at[id] = ""
		if r.paths != nil && (number == unix.SYS_OPENAT || number == unix.SYS_NEWFSTATAT) {
			r.at[id] = text(id, uintptr(argument(1)))
		}
	case unix.PTRACE_SYSCALL_INFO_EXIT:
		failed := info[32] != 0
		if path := r.at[id]; path != "" {
			r.paths[path] = r.paths[path] || !failed
		}
		switch {
		case failed || r.entered[id] == "":
			return
		case r.entered[id] == "sync":
			if r.syncs++; r.fails != nil && r.fails(r.syncs) {
				fail(id, syscall.EIO)
			}
			return
		}
		r.calls = append(r.calls, r.entered[id])
		if len(r.calls) == r.n {
			syscall.Kill(r.pid, syscall.SIGKILL)
		}
	}
}

// text returns the text at an address of a thread that has stopped.
func text(id int, address uintptr) string {
	var data [4096]byte
	n, _ := syscall.PtracePeekData(id, address, data[:]) // the end of its memory may come before that of data
	path, _, _ := bytes.Cut(data[:n], []byte{0})
	return string(path)
}

// fail gives a system call that a thread has made the result of one that has failed.
func fail(id int, err syscall.Errno) {
	var registers syscall.PtraceRegs
	if syscall.PtraceGetRegs(id, &registers) == nil {
		setResult(&registers, uint64(-int64(err)))
		syscall.PtraceSetRegs(id, &registers)
	}
}

// change names a system call if it is one that counts.
func change(number uint64, argument func(n int) uint64) string {
	switch number {
	case unix.SYS_OPENAT:
		if argument(2)&unix.O_CREAT != 0 {
			return "open"
		}
	case unix.SYS_CLONE:
		if argument(0)&unix.CLONE_VFORK != 0 {
			return "fork"
		}
	case unix.SYS_MKDIRAT:
		return "mkdir"
	case unix.SYS_FCHMOD:
		return "chmod"
	case unix.SYS_FCHOWN:
		return "chown"
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return "rename"
	case unix.SYS_UNLINKAT:
		return "unlink"
	case unix.SYS_FSYNC:
		return "sync"
	}
	return ""
}
