package systemd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/safefile"
)

// waitDelay is how long a systemctl that was killed may keep its stderr open.
const waitDelay = time.Second

// Systemctl runs systemctl with a verb and a service, such as "kubelet.service". The verb "restart"
// waits until systemd calls the service started. The verb "reset-failed" makes systemd forget that
// it failed, and how often it was started. The error has the first line of systemctl's stderr. The
// context bounds the wait.
func Systemctl(ctx context.Context, verb, unit string) error {
	if err := checkUnit(unit); err != nil {
		return fmt.Errorf("%s %q: %w", verb, unit, err)
	}
	binary, err := findSystemctl()
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, unit, err)
	}
	command := exec.CommandContext(ctx, binary, verb, unit)
	command.Stdin, command.Stdout = strings.NewReader(""), io.Discard // /dev/null may be anything below a --root
	// Without this, systemctl does nothing and succeeds in a chroot, such as that of --root.
	command.Env = append(command.Environ(), "SYSTEMD_OFFLINE=0")
	command.WaitDelay = waitDelay
	var stderr head
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(stderr)), "\n")
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s %s: %w", verb, unit, ctx.Err())
		case strings.Contains(line, "Failed to connect to bus"):
			// systemctl as root takes no answer from a process that it cannot see
			// (getpeercred in systemd's src/basic/socket-util.c).
			return provider.WithHint(fmt.Errorf("%s %s: systemctl: %s", verb, unit, line),
				"in a container, systemctl needs the node's PID namespace (hostPID)")
		case line != "":
			return fmt.Errorf("%s %s: systemctl: %s", verb, unit, line)
		}
		return fmt.Errorf("%s %s: systemctl: %w", verb, unit, err)
	}
	return nil
}

// A head is the beginning of what was written to it.
type head []byte

func (h *head) Write(text []byte) (int, error) {
	const most = 4 << 10 // bytes
	*h = append(*h, text[:min(len(text), most-len(*h))]...)
	return len(text), nil
}

// CheckSystemctl returns the error with which Systemctl would fail before it runs anything.
func CheckSystemctl(unit string) error {
	err := checkUnit(unit)
	if err == nil {
		_, err = findSystemctl()
	}
	if err != nil {
		return fmt.Errorf("restart %s: %w", unit, err)
	}
	return nil
}

// checkUnit refuses what is not the name of one service: options, patterns, paths.
func checkUnit(unit string) error {
	name, ok := strings.CutSuffix(unit, ".service")
	if !ok || name == "" || strings.HasPrefix(name, "-") {
		return errors.New("it is not the name of a service")
	}
	// systemd.unit(5)
	if i := strings.IndexFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(`:-_.\@`, r))
	}); i >= 0 {
		return errors.New("it is not the name of a service")
	}
	return nil
}

// findSystemctl looks in PATH, and then where nodes have it: PATH may be that of a container. It is an error if
// others than root can replace the one that it finds.
func findSystemctl() (string, error) {
	for _, name := range []string{"systemctl", "/usr/bin/systemctl", "/bin/systemctl"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, safefile.Check(path)
		}
	}
	return "", errors.New("no systemctl in PATH, /usr/bin and /bin")
}
