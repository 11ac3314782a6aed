package subprocess

import (
	"fmt"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// startTree starts cmd. Once cmd has been waited for, end ends the processes that it has
// started. They are found by a job object; Windows also closes it, and so ends them, when we
// die.
func startTree(cmd *exec.Cmd) (end func(), err error) {
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	end = func() { windows.CloseHandle(job) }
	// Suspended, since what it starts before it is in the job would stay outside.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_SUSPENDED}
	if err := cmd.Start(); err != nil {
		end()
		return nil, err
	}
	var resumed error
	err = cmd.Process.WithHandle(func(process uintptr) {
		resumed = resumeInJob(job, windows.Handle(process))
	})
	if err == nil {
		err = resumed
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		end()
		return nil, err
	}
	return end, nil
}

// newJob makes a job whose processes end when its last handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("create job object: %v", err)
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		windows.CloseHandle(job)
		return 0, fmt.Errorf("set up job object: %v", err)
	}
	return job, nil
}

func resumeInJob(job, process windows.Handle) error {
	if err := windows.AssignProcessToJobObject(job, process); err != nil {
		return fmt.Errorf("assign to job object: %v", err)
	}
	// Package os has closed the handle of the main thread, which ResumeThread would need.
	resume := windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess")
	if status, _, _ := resume.Call(uintptr(process)); status != 0 {
		return fmt.Errorf("resume process: %v", windows.NTStatus(status))
	}
	return nil
}

// checkProgram cannot tell: ACLs decide who can change a program. Nor need the path be absolute: package exec finds
// it in PATH, and not in the working directory.
func checkProgram(string) error { return nil }
