// Package kubelet finds the kubelet that runs on a machine, asks it whether it is well, and
// restarts it.
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
	// ID is the boot's ID, the process's and its start time: never the same for two processes.
	ID  string
	PID int
	// Args is the whole argv.
	Args []string
	// Hidden says that Args are not the kubelet's: k3s and kubelite run it inside themselves.
	Hidden bool
	// Service is the systemd unit that it is in, such as "kubelet.service"; "" if none.
	Service string
}

// Name is what the program is called: kubelet, k3s or kubelite.
func (p Process) Name() string { return path.Base(p.Args[0]) }

// Flag returns the value of a flag, which is named without dashes; "" and false if the process
// has none.
func (p Process) Flag(name string) (string, bool) { return Flag(p.Args, name) }

// Flag returns the value that a flag of the kubelet has in args, the last one if there are more.
// Both --name=value and --name value are read, and "_" in a name means "-", as the kubelet has it.
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

// CutFlag returns the name of the flag that an argument is, without dashes and with "-" for "_",
// and the value that is joined to it by "=". The name is "" if it is no flag.
func CutFlag(arg string) (name, value string, joined bool) {
	flag, ok := strings.CutPrefix(arg, "--")
	if !ok {
		return "", "", false
	}
	name, value, joined = strings.Cut(flag, "=")
	return strings.ReplaceAll(name, "_", "-"), value, joined
}

// Find looks in proc, which is a /proc, for the kubelet of the machine, and returns nil if none
// runs. Those in containers are not the machine's, nor are those of other users than root, or
// processes such as "kubelet --version". It reads only what every user may. It is an error if there
// are two.
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
	// When the kubelet starts a program, that one looks like the kubelet until it is executed.
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

// process is a Process with what tells it from others.
type process struct {
	Process
	parent int
	start  string // clock ticks after boot
}

// read returns the process whose folder of a /proc this is, without ID and PID; nil if it is no
// kubelet of the machine.
func read(folder string) (*process, error) {
	cmdline, err := os.ReadFile(filepath.Join(folder, "cmdline"))
	if err != nil {
		return nil, err
	}
	args, hidden := arguments(cmdline)
	if args == nil {
		return nil, nil
	}
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return nil, err
	}
	if inContainer(status) || !ofRoot(status) {
		return nil, nil
	}
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return nil, err
	}
	cgroup, err := os.ReadFile(filepath.Join(folder, "cgroup"))
	if err != nil {
		return nil, err
	}
	p := process{Process: Process{Args: args, Hidden: hidden, Service: service(cgroup)}}
	state, parent, start, err := parseStat(stat)
	if err != nil {
		return nil, fmt.Errorf("%s/stat: %w", folder, err)
	}
	if state == "Z" || state == "X" {
		return nil, nil
	}
	p.parent, p.start = parent, start
	return &p, nil
}

// gone reports whether a process has ended while it was read. A process of another user's can be
// out of sight altogether (mount option hidepid of /proc).
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ESRCH)
}

// arguments returns the argv in a cmdline of /proc if it is that of a kubelet, and whether the
// kubelet's own flags are not in it. It is empty for threads of the kernel and for processes that
// have ended.
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

// inContainer reports whether the process of a status file of /proc has a namespace of processes
// below that of /proc: NSpid has its ID in each.
func inContainer(status []byte) bool {
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return len(strings.Fields(ids)) > 1
		}
	}
	return false
}

// ofRoot reports whether the process of a status file of /proc runs as root: anybody can call a
// program kubelet, and its arguments say where root writes to. Uid has the real, effective, saved
// and file system's ID.
func ofRoot(status []byte) bool {
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[0] == "0" && fields[1] == "0"
		}
	}
	return false
}

// parseStat returns state, parent and start time of a stat file of /proc, see proc_pid_stat(5).
// The name of the program, in brackets, may hold spaces and brackets.
func parseStat(stat []byte) (state string, parent int, start string, err error) {
	_, rest, _ := strings.Cut(string(stat), "(")
	fields := strings.Fields(rest[strings.LastIndex(rest, ")")+1:]) // the first is number 3
	if len(fields) < 20 {
		return "", 0, "", errors.New("too few fields")
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, fields[19], err
}

// service returns the name of the systemd service in a cgroup file of /proc: the last part of a
// path that is one, in systemd's own hierarchy. Those of a user's session are no node's.
func service(cgroup []byte) string {
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path
		if len(parts) < 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		folders := strings.Split(parts[2], "/")
		if slices.Contains(folders, "user.slice") {
			return ""
		}
		for _, folder := range slices.Backward(folders) {
			if strings.HasSuffix(folder, ".service") {
				return folder
			}
		}
	}
	return ""
}
