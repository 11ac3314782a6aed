// Package batch starts processes at once, waits for them, and tells what they cost. It is all
// that the runner consists of, and has little to do while it measures.
package batch

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A Batch is one program to start once for each of Stdin and Stdout, at once.
type Batch struct {
	Path   string
	Args   []string // without the program's name
	Env    []string // all of it
	Stdin  []string // a file for each process
	Stdout []string // the same; emptied first
	Stderr string   // one file for all
}

// A Usage is how a process ended, and what it cost.
type Usage struct {
	Exit        int // -1 after a signal
	CPU         time.Duration
	Peak        int64 // bytes of resident memory
	MinorFaults int64
	MajorFaults int64
}

// A Result is what came of a batch.
type Result struct {
	Wall      time.Duration // from the first start to the last end
	Processes []Usage
	// Floor is the runner's own peak memory. The kernel counts it as a child's until the
	// child has become another program: a smaller Usage.Peak cannot be seen.
	Floor int64
}

// Run runs the batch.
func Run(b Batch) (Result, error) {
	files, err := open(b)
	defer files.close()
	if err != nil {
		return Result{}, err
	}
	argv := append([]string{b.Path}, b.Args...)
	pids := make([]int, 0, len(b.Stdin))
	result := Result{Processes: make([]Usage, len(b.Stdin))}
	runtime.GC() // so that there is none for the next 4 MB, and so while it measures

	start := time.Now()
	for i := range b.Stdin {
		pid, startErr := syscall.ForkExec(b.Path, argv, &syscall.ProcAttr{
			Env:   b.Env,
			Files: []uintptr{files.stdin[i], files.stdout[i], files.stderr},
		})
		if startErr != nil {
			err = fmt.Errorf("start %s: %w", b.Path, startErr)
			break
		}
		pids = append(pids, pid)
	}
	// The order does not matter: the wait for the last one ends when all have ended.
	for i, pid := range pids {
		usage, waitErr := wait(pid)
		if waitErr != nil {
			err = fmt.Errorf("wait for %s: %w", b.Path, waitErr)
		}
		result.Processes[i] = usage
	}
	result.Wall = time.Since(start)

	if err == nil {
		result.Floor, err = ownPeak()
	}
	return result, err
}

// ownPeak returns the peak of the memory of this process, without what getrusage adds to it:
// that of its parent.
func ownPeak() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, value, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscanf(value, "%d kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("read VmHWM: %w", err)
	}
	return kilobytes << 10, nil
}

func wait(pid int) (Usage, error) {
	var status syscall.WaitStatus
	var used syscall.Rusage
	_, err := syscall.Wait4(pid, &status, 0, &used)
	for err == syscall.EINTR {
		_, err = syscall.Wait4(pid, &status, 0, &used)
	}
	return Usage{
		Exit:        status.ExitStatus(),
		CPU:         time.Duration(used.Utime.Nano() + used.Stime.Nano()),
		Peak:        used.Maxrss << 10,
		MinorFaults: used.Minflt,
		MajorFaults: used.Majflt,
	}, err
}

// files are the descriptors that the processes inherit.
type files struct {
	stdin, stdout []uintptr
	stderr        uintptr
	opened        []int
}

// open opens the files of a batch. What it returns has to be closed after an error as well.
func open(b Batch) (*files, error) {
	f := &files{}
	var err error
	if f.stderr, err = f.open(b.Stderr, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_TRUNC); err != nil {
		return f, err
	}
	for i := range b.Stdin {
		in, err := f.open(b.Stdin[i], syscall.O_RDONLY)
		if err != nil {
			return f, err
		}
		out, err := f.open(b.Stdout[i], syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC)
		if err != nil {
			return f, err
		}
		f.stdin, f.stdout = append(f.stdin, in), append(f.stdout, out)
	}
	return f, nil
}

func (f *files) open(path string, flags int) (uintptr, error) {
	fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	f.opened = append(f.opened, fd)
	return uintptr(fd), nil
}

func (f *files) close() {
	for _, fd := range f.opened {
		syscall.Close(fd)
	}
}
