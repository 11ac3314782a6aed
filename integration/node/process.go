package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A process is a server on a machine.
type process struct {
	name string
	*exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // why it ended; set before done is closed
}

// startProcess starts a server, whose stdout and stderr are added to the file log.
func (m *machine) startProcess(name, log string, command *exec.Cmd) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command.Stdout, command.Stderr = file, file
	if err := m.start(command); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, Cmd: command, done: make(chan struct{})}
	go func() {
		p.err = p.Wait()
		close(p.done)
	}()
	return p, nil
}

// await tries until there is no error, the process has ended, or ctx has.
func (p *process) await(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: %v", p.name, p.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w", p.name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the process, by force if it takes long.
func (p *process) stop() {
	p.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.Process.Kill()
		<-p.done
	}
}

const stopLimit = 30 * time.Second
