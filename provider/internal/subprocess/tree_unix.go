//go:build unix

package subprocess

import (
	"os/exec"
	"syscall"

	"github.com/pullpass/pullpass/provider/safefile"
)

// startTree starts cmd. Once cmd has been waited for, end ends the processes that it has
// started. They are found by their process group, which has the number of cmd's process and
// keeps it as long as one of them lives.
func startTree(cmd *exec.Cmd) (end func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// At the end of the context, all end at once: one that keeps the pipes open would be waited for.
	cmd.Cancel = kill
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() { kill() }, nil
}

func checkProgram(path string) error { return safefile.CheckProgram(path) }
