//go:build !windows

package protocol

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// canWait says that waitFor can be used.
const canWait = true

// waitFor waits until a read of file would not, for a while at the most, and reports whether that
// is so. The mode of the file, which its other owners share, stays.
func waitFor(file *os.File, while time.Duration) (ready bool, err error) {
	files := []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(files, int(while.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}
