// Command peak runs a program, ends with its exit code, and writes the peak of its resident memory, in KiB,
// to the file that is its first argument. It is a program of its own because it must be small: until a
// child has become another program, the kernel counts its parent's memory as the child's.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func main() {
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it is killed with this process
	command.Run()
	if command.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "peak: the program did not start")
		os.Exit(125)
	}
	peak := command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if err := os.WriteFile(os.Args[1], strconv.AppendInt(nil, peak, 10), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(125)
	}
	code := command.ProcessState.ExitCode()
	if code < 0 {
		code = 126 // killed
	}
	os.Exit(code)
}
