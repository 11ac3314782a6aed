//go:build !windows

package provider

import "syscall"

// troubles are the errors of open(2), socket(2), connect(2), fork(2), mmap(2) and write(2) that are about
// the caller's limits and the machine's resources. An unreachable network is none of them: off the cloud,
// that is how it shows that there is no metadata service.
var troubles = [...]trouble{
	{syscall.EMFILE, filesHint},
	{syscall.ENFILE, filesHint},
	{syscall.ENOMEM, memoryHint},
	{syscall.ENOBUFS, memoryHint},
	{syscall.ENOSPC, diskHint},
	{syscall.EDQUOT, diskHint},
	{syscall.EROFS, diskHint},
	{syscall.EFBIG, diskHint}, // RLIMIT_FSIZE
	{syscall.EIO, diskHint},
	{syscall.EAGAIN, processHint}, // fork; package os handles that of reads and writes
	{syscall.EADDRNOTAVAIL, portHint},
}
