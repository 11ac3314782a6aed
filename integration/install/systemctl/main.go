// Command systemctl stands in for systemd's on a node that a test plays: it sends its arguments
// to the socket where systemd would listen, and ends as it is told.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
)

// socket is that of systemd, which systemctl uses as root.
const socket = "/run/systemd/private"

// An Answer is how systemctl ends.
type answer struct {
	Code   int
	Stderr string
}

func main() {
	a, err := ask(os.Args[1:])
	if err != nil {
		a = answer{1, "Failed to connect to bus: " + err.Error() + "\n"}
	}
	fmt.Fprint(os.Stderr, a.Stderr)
	os.Exit(a.Code)
}

func ask(arguments []string) (answer, error) {
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return answer{}, err
	}
	defer connection.Close()
	if err := json.NewEncoder(connection).Encode(arguments); err != nil {
		return answer{}, err
	}
	var a answer
	return a, json.NewDecoder(connection).Decode(&a)
}
