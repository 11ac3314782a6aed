// Package kubelet finds the kubelet that runs on a machine, and asks it whether it is healthy.
package kubelet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

// Find returns the kubelet that runs on the machine with this /proc, nil if none does. It passes over
// kubelets in containers and of users other than root, and processes such as "kubelet --version". It
// reads only what every user may read. It is an error if there are two kubelets.
func Find(proc string) (*Process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("look for the kubelet: %w", err)
	}
	boot, err := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id"))
	if err != nil {
		return nil, fmt.Errorf("look for the kubelet: %w", err)
	}
	var found []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid <= 0 {
			continue
		}
		p, err := read(filepath.Join(proc, entry.Name()))
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
	return nil, fmt.Errorf("look for the kubelet: processes %d and %d both are one", found[0].PID, found[1].PID)
}

// process is a Process with what identifies it.
type process struct {
	Process
	parent int
	start  string // clock ticks after boot
}

// read returns the process of a directory in /proc, without ID and PID; nil if it is not the kubelet of
// the machine.
func read(directory string) (*process, error) {
	cmdline, err := os.ReadFile(filepath.Join(directory, "cmdline"))
	if err != nil {
		return nil, err
	}
	args, hidden := arguments(cmdline)
	if args == nil {
		return nil, nil
	}
	status, err := os.ReadFile(filepath.Join(directory, "status"))
	if err != nil {
		return nil, err
	}
	if inContainer(status) || !ofRoot(status) {
		return nil, nil
	}
	stat, err := os.ReadFile(filepath.Join(directory, "stat"))
	if err != nil {
		return nil, err
	}
	cgroup, err := os.ReadFile(filepath.Join(directory, "cgroup"))
	if err != nil {
		return nil, err
	}
	p := process{Process: Process{Args: args, Hidden: hidden, Service: service(cgroup)}}
	state, parent, start, err := parseStat(stat)
	if err != nil {
		return nil, fmt.Errorf("%s/stat: %w", directory, err)
	}
	if state == "Z" || state == "X" {
		return nil, nil
	}
	p.parent, p.start = parent, start
	return &p, nil
}

// gone reports whether a process ended while it was read. A process of another user can be invisible
// altogether (mount option hidepid of /proc).
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ESRCH)
}

// arguments returns the argv in a cmdline file of /proc, nil if it is not a kubelet's. hidden says that
// it lacks the kubelet's own flags. The file is empty for kernel threads and for processes that ended.
func arguments(cmdline []byte) (args []string, hidden bool) {
	text := strings.TrimRight(string(cmdline), "\x00")
	if text == "" {
		return nil, false
	}
	args = strings.Split(text, "\x00")
	if len(args) == 1 {
		args = strings.Fields(args[0]) // k3s writes "k3s server" over its argv, to hide secrets in it
	}
	if len(args) == 0 {
		return nil, false
	}
	switch path.Base(args[0]) {
	case "kubelet":
		for _, arg := range args[1:] {
			if name, _, _ := CutFlag(arg); name == "version" || name == "help" || arg == "-h" {
				return nil, false
			}
		}
		return args, false
	case "kubelite":
		return args, true
	case "k3s":
		if len(args) > 1 && (args[1] == "server" || args[1] == "agent") {
			return args, true
		}
	}
	return nil, false
}

// inContainer reports whether the process of a status file of /proc is in a PID namespace below that of
// /proc. NSpid has its ID in each namespace.
func inContainer(status []byte) bool {
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return len(strings.Fields(ids)) > 1
		}
	}
	return false
}

// ofRoot reports whether the process of a status file of /proc runs as root. Anybody can name a program
// kubelet, and its arguments decide where root writes. Uid has the real, effective, saved and file
// system's user ID.
func ofRoot(status []byte) bool {
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[0] == "0" && fields[1] == "0"
		}
	}
	return false
}

// parseStat returns the state, parent and start time in a stat file of /proc, see proc_pid_stat(5). The
// name of the program, in brackets, may contain spaces and brackets.
func parseStat(stat []byte) (state string, parent int, start string, err error) {
	_, rest, _ := strings.Cut(string(stat), "(")
	fields := strings.Fields(rest[strings.LastIndex(rest, ")")+1:]) // the first is number 3
	if len(fields) < 20 {
		return "", 0, "", errors.New("too few fields")
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, fields[19], err
}

// service returns the name of the systemd service in a cgroup file of /proc: the last service in a path
// of systemd's own hierarchy. Services in a user's session are not the node's.
func service(cgroup []byte) string {
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path
		if len(parts) < 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		directories := strings.Split(parts[2], "/")
		if slices.Contains(directories, "user.slice") {
			return ""
		}
		for _, name := range slices.Backward(directories) {
			if strings.HasSuffix(name, ".service") {
				return name
			}
		}
	}
	return ""
}
