package pullpass

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A Mounted is a tmpfs in a mount namespace of its own, that of a shell which lives as long as
// the test. Others reach it by way of that shell's root in /proc.
type Mounted struct {
	Dir      string // the root of the tmpfs, for us
	Inside   string // the same, for programs that are run by way of Enter
	enter    []string
	commands io.Writer
	answers  *bufio.Scanner
}

// Mount mounts a tmpfs with these options: as root, or else in a user namespace where we are.
// Where neither is possible, the test fails: what it is about cannot be seen without.
func Mount(t testing.TB, options string) *Mounted {
	t.Helper()
	m, err := mountIn(t, options, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS})
	if err == nil {
		return m
	}
	m, userErr := mountIn(t, options, &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	})
	if userErr != nil {
		t.Fatalf("a tmpfs cannot be mounted here, which takes root with CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN) or user namespaces: %v; %v", err, userErr)
	}
	return m
}

func mountIn(t testing.TB, options string, namespaces *syscall.SysProcAttr) (*Mounted, error) {
	t.Helper()
	const script = `mount -t tmpfs -o "$1" pullpass "$2" && echo done || exit
		while read -r option; do mount -o "remount,bind,$option" "$2" && echo done || exit; done`
	point := t.TempDir()
	shell := exec.CommandContext(t.Context(), "/bin/sh", "-c", script, "sh", options, point)
	shell.SysProcAttr = namespaces
	commands, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := shell.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var complaints strings.Builder
	shell.Stderr = &complaints
	if err := shell.Start(); err != nil {
		return nil, err
	}
	enter := []string{"nsenter", "--target", strconv.Itoa(shell.Process.Pid), "--mount"}
	if namespaces.Unshareflags&syscall.CLONE_NEWUSER != 0 {
		enter = append(enter, "--user", "--preserve-credentials")
	}
	m := &Mounted{
		Inside:   point,
		enter:    enter,
		Dir:      filepath.Join("/proc", strconv.Itoa(shell.Process.Pid), "root", point),
		commands: commands,
		answers:  bufio.NewScanner(answers),
	}
	if !m.answers.Scan() {
		return nil, fmt.Errorf("%w: %s", shell.Wait(), strings.TrimSpace(complaints.String()))
	}
	t.Cleanup(func() {
		commands.Close()
		shell.Wait()
	})
	return m, nil
}

// Enter returns the path of a program that runs the binary where the tmpfs is mounted.
func (m *Mounted) Enter(t testing.TB, binary string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "enter")
	script := "#!/bin/sh\nexec " + strings.Join(m.enter, " ") + " -- " + binary + ` "$@"` + "\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Remount sets an option of the mount.
func (m *Mounted) Remount(t testing.TB, option string) {
	t.Helper()
	if _, err := io.WriteString(m.commands, option+"\n"); err != nil || !m.answers.Scan() {
		t.Fatalf("remount,%s failed: %v", option, err)
	}
}

// Fill takes all the space of the file system.
func (m *Mounted) Fill(t testing.TB) {
	t.Helper()
	file, err := os.Create(filepath.Join(m.Dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 64 << 10; size > 0; { // a page after the other in the end
		if _, err = file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the file system is not full: %v", err)
	}
}
