// Package kubelet finds the running kubelet of a machine, and asks it whether it is healthy.
package kubelet

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// A Process is a running kubelet, or one of the programs that have a kubelet inside.
type Process struct {
	// ID is made of the boot's ID, the process ID and the start time. No two processes have the same.
	ID  string
	PID int
	// Args is the whole argv.
	Args []string
	// Hidden says that Args are not the kubelet's arguments: k3s and kubelite run the kubelet inside
	// themselves.
	Hidden bool
	// Service is its systemd unit, such as "kubelet.service"; "" if it is in none.
	Service string
}

// Name is the name of the program: kubelet, k3s or kubelite.
func (p Process) Name() string { return path.Base(p.Args[0]) }

// Flag returns the value of a flag, which is named without dashes; "" and false if the process
// has none.
func (p Process) Flag(name string) (string, bool) { return Flag(p.Args, name) }

// Flag returns the value of a flag of the kubelet in args, the last one if there are several. As for the
// kubelet, --name=value and --name value are the same, and so are "_" and "-" in a name.
func Flag(args []string, name string) (value string, found bool) {
	for i := 0; i < len(args); i++ {
		own, v, joined := CutFlag(args[i])
		switch {
		case own != name:
		case joined:
			value, found = v, true
		case i+1 < len(args):
			i++
			value, found = args[i], true
		}
	}
	return value, found
}

// CutFlag returns the name of the flag in an argument, without leading dashes and with "-" for "_", and
// the value after "=", if joined. The name is "" if the argument is no flag.
func CutFlag(arg string) (name, value string, joined bool) {
	flag, ok := strings.CutPrefix(arg, "--")
	if !ok {
		return "", "", false
	}
	name, value, joined = strings.Cut(flag, "=")
	return strings.ReplaceAll(name, "_", "-"), value, joined
}

// Find returns the running kubelet of the machine with this /proc, nil if there is none. It ignores
// kubelets in pods, in PID namespaces of their own and of users other than root, and processes such as
// "kubelet --version". It reads only what every user may read. It is an error if there are two kubelets.
func Find(proc string) (*Process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("look for the kubelet: %w", err)
	}
	boot, err := nodefile.ReadAll(filepath.Join(proc, "sys/kernel/random/boot_id"), nodefile.MaxConfig)
	if err != nil {
		return nil, fmt.Errorf("look for the kubelet: %w", err)
	}
	first, err := nodefile.ReadAll(filepath.Join(proc, "1/cgroup"), nodefile.MaxConfig)
	if err != nil && !gone(err) {
		return nil, fmt.Errorf("look for the kubelet: %w", err)
	}
	var found []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid <= 0 {
			continue
		}
		p, err := read(filepath.Join(proc, entry.Name()), first)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for the kubelet: %w", err)
		}
		if p != nil {
			p.PID = pid
			p.ID = fmt.Sprintf("%s/%d/%s", bytes.TrimSpace(boot), pid, p.start)
			found = append(found, *p)
		}
	}
	// A child of the kubelet looks like the kubelet until it executes its program.
	pids := map[int]bool{}
	for _, p := range found {
		pids[p.PID] = true
	}
	found = slices.DeleteFunc(found, func(p process) bool { return pids[p.parent] })
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return &found[0].Process, nil
	}
	return nil, fmt.Errorf("look for the kubelet: processes %d and %d are both kubelets", found[0].PID, found[1].PID)
}

// process is a Process with what identifies it.
type process struct {
	Process
	parent int
	start  string // clock ticks after boot
}
