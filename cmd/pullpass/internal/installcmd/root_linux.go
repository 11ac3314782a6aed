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
		if err := chroot(root); err != nil {
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

// chroot makes the directory of --root the root directory of this process.
func chroot(root string) error {
	err := syscall.Chroot(root)
	hint := "--root names the root directory of a mounted node or image"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOENT):
		err = fmt.Errorf("--root %s: there is no such directory", root)
	case errors.Is(err, syscall.ENOTDIR):
		err = fmt.Errorf("--root %s: it is not a directory", root)
	case errors.Is(err, syscall.EPERM):
		err = fmt.Errorf("chroot to %s: %w", root, err)
		hint = "run this as root; inside a container, SYS_CHROOT is needed as well"
	default:
		return fmt.Errorf("chroot to %s: %w", root, err)
	}
	return provider.WithHint(err, hint)
}
