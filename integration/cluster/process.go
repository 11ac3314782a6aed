package cluster

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A process is a server that runs until the test ends.
type process struct {
	pid  int
	log  string
	done chan struct{} // closed when it has ended
	err  error         // why it ended; set before done is closed
}

// startProcess starts a server in directory, where it logs to NAME.log, with an empty environment.
// It is killed when the test ends, and when the test's process does. If the test fails, the end
// of its log is shown.
func startProcess(t testing.TB, directory, name, path string, args ...string) *process {
	t.Helper()
	p := &process{log: filepath.Join(directory, name+".log"), done: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(path, args...)
	command.Dir, command.Env = directory, []string{}
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.run(command, started)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("the end of %s.log:\n%s", name, p.logEnd())
		}
	})
	return p
}

// run keeps to one thread: Pdeathsig sends its signal when the thread that started the process
// ends, whatever becomes of the others.
func (p *process) run(command *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		started <- err
		return
	}
	p.pid = command.Process.Pid
	started <- nil
	p.err = command.Wait()
	close(p.done)
}

// stop kills the process with all of its process group, unless it has ended, and returns when
// it has.
func (p *process) stop() {
	select {
	case <-p.done:
	default:
		syscall.Kill(-p.pid, syscall.SIGKILL)
		<-p.done
	}
}

// logEnd returns the end of what the process wrote to stdout and stderr.
func (p *process) logEnd() string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.SplitAfter(log, []byte("\n"))
	return string(bytes.Join(lines[max(len(lines)-40, 0):], nil))
}
