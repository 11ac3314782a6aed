package cluster

import (
	"os"

	"golang.org/x/sys/unix"
)

// reservePort finds a free port of 127.0.0.1 and keeps it from all who do not share it by
// SO_REUSEPORT, until release is called.
func reservePort() (port int, release func(), err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, os.NewSyscallError("socket", err)
	}
	release = func() { unix.Close(socket) }
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		release()
		return 0, nil, os.NewSyscallError("setsockopt", err)
	}
	// Bound and not listening: who connects gets to the server that listens.
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		release()
		return 0, nil, os.NewSyscallError("bind", err)
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		release()
		return 0, nil, os.NewSyscallError("getsockname", err)
	}
	return address.(*unix.SockaddrInet4).Port, release, nil
}
