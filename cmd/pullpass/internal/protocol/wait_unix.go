//go:build !windows

package protocol

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// canWait says whether waitFor works.
const canWait = true

// waitFor waits until a read of file would not block, and reports whether it got there within a while. It
// does not make the file non-blocking: other processes share that mode.
func waitFor(file *os.File, while time.Duration) (ready bool, err error) {
	files := []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(files, int(while.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}
