package kubelet

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// read returns the process of a directory in /proc, without ID and PID; nil if it is not the kubelet of
// the machine. first is the cgroup file of process 1.
//
// Only of root's processes that are in no pod it reads more than the kernel itself says: the arguments are
// in the memory of the process, which can make their reader wait.
func read(directory string, first []byte) (*process, error) {
	file := func(name string) ([]byte, error) {
		return nodefile.ReadAll(filepath.Join(directory, name), nodefile.MaxConfig)
	}
	status, err := file("status")
	if err != nil {
		return nil, err
	}
	if inContainer(status) || !ofRoot(status) {
		return nil, nil
	}
	cgroup, err := file("cgroup")
	if err != nil {
		return nil, err
	}
	if inPod(cgroup, first) {
		return nil, nil
	}
	cmdline, err := file("cmdline")
	if errors.Is(err, nodefile.ErrTooLarge) { // no kubelet has so many arguments
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	args, hidden := arguments(cmdline)
	if args == nil {
		return nil, nil
	}
	stat, err := file("stat")
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
