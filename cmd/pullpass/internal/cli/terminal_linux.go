package cli

import "golang.org/x/sys/unix"

// hideTyping ends the echo of the terminal fd.
func hideTyping(fd int) error {
	state, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	state.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, unix.TCSETS, state)
}
