//go:build !windows

package eventlog

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"time"
)

// facility is daemon, see syslog(3).
const facility = 3 << 3

// sockets are where systems take messages for their log: Linux, macOS, FreeBSD.
func sockets() []string { return []string{"/dev/log", "/var/run/syslog", "/var/run/log"} }

// Send sends events to the system's log, each as a datagram.
func Send(events []Event) error { return send(sockets(), events) }

// send is Send to the first of the sockets that takes messages. The error is about the first one that was tried.
func send(sockets []string, events []Event) error {
	var failed error
	for _, socket := range sockets {
		connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		defer connection.Close()
		for _, event := range events {
			header := fmt.Sprintf("<%d>%s pullpass[%d]: ", facility|severity(event.Level), event.At.Format(time.Stamp), os.Getpid())
			if _, err := connection.Write([]byte(header + event.untimed())); err != nil {
				return err
			}
		}
		return nil
	}
	return failed
}

// severity returns the number of a level in syslog(3).
func severity(level string) int {
	switch level {
	case Error:
		return 3
	case Warning:
		return 4
	}
	return 6
}
