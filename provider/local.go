package provider

import (
	"errors"
	"net"
	"strings"
	"syscall"
)

// A trouble is an error of the operating system that says nothing about who was asked.
type trouble struct {
	errno syscall.Errno
	hint  string
}

// What to do about such an error.
const (
	filesHint   = "too many files are open: raise the limit of the kubelet's service (LimitNOFILE), or find who holds them open"
	memoryHint  = "this machine or the kubelet's cgroup has no memory left: find what takes it"
	diskHint    = "check the disk or the file system: it is full, read-only or damaged"
	processHint = "this machine or the kubelet's service may start no more processes: see TasksMax and pids.max"
	portHint    = "this machine has no free port or no address of that kind: see ip address and net.ipv4.ip_local_port_range"
)

// IsLocal reports whether err is trouble of this machine or process, such as too many open files or no
// memory. It says nothing about an authority, a file or a server: it is never taken for the absence of
// anything, and never remembered for other processes.
func IsLocal(err error) bool { return LocalHint(err) != "" }

// LocalHint returns what to do about an error for which IsLocal is true, else "".
func LocalHint(err error) string {
	if err == nil {
		return ""
	}
	lookup, isLookup := errors.AsType[*net.DNSError](err)
	for _, t := range troubles {
		// Package net keeps only the text of what failed in a lookup.
		if errors.Is(err, t.errno) || isLookup && strings.HasSuffix(lookup.Err, t.errno.Error()) {
			return t.hint
		}
	}
	return ""
}

// KeepLocal returns err, for which IsLocal is true if it is for cause. It is for an err that has only the
// text of cause.
func KeepLocal(err, cause error) error {
	if IsLocal(err) || !IsLocal(cause) {
		return err
	}
	return &localError{err, cause}
}

// A localError shows an error, and has another one as well.
type localError struct {
	error
	cause error
}

// Unwrap lets errors.Is and errors.As find both.
func (e *localError) Unwrap() []error { return []error{e.error, e.cause} }
