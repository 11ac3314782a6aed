package installcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/provider"
)

// enterRoot makes root the root directory of this process: then every path and every link leads where it
// leads on the node. It returns what is out of reach then: our own program, and the ID of this boot.
func enterRoot(root string) (binary func() ([]byte, error), boot string, err error) {
	program, _, err := nodefile.Open("/proc/self/exe")
	if err != nil {
		return nil, "", fmt.Errorf("read our own program: %w", err)
	}
	id, err := nodefile.ReadAll("/proc/sys/kernel/random/boot_id", nodefile.MaxConfig)
	if err != nil {
		return nil, "", fmt.Errorf("read the boot ID: %w", err)
	}
	syscall.Umask(0o022) // the kubelet reads the directories that are created
	if root != "" {
		if err := syscall.Chroot(root); err != nil {
			err = fmt.Errorf("chroot to %s: %w", root, err)
			if errors.Is(err, syscall.EPERM) {
				err = provider.WithHint(err, "run this as root, in a container with the capability SYS_CHROOT")
			}
			return nil, "", err
		}
	}
	if err := os.Chdir("/"); err != nil {
		return nil, "", err
	}
	binary = func() ([]byte, error) {
		return io.ReadAll(io.NewSectionReader(program, 0, nodefile.MaxProgram)) // from its beginning each time
	}
	return binary, strings.TrimSpace(string(id)), nil
}
