// Package wire is what systemctl and the node's supervisor have in common.
package wire

// Socket is where the supervisor listens. It gets the arguments of systemctl as a JSON array, and
// answers with an Answer.
const Socket = "/run/systemd/private"

// An Answer is what systemctl prints, and its exit code.
type Answer struct {
	Code           int
	Stdout, Stderr string
}
