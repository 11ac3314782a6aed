package install_test

import "syscall"

// setResult is for a thread that is at the exit of a system call.
func setResult(registers *syscall.PtraceRegs, result uint64) { registers.Rax = result }
