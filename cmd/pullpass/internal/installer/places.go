package installer

import (
	"errors"
	"syscall"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
)

// checkPlaces returns the error with which the changes of a plan would fail because of where the files are,
// as far as that is known without writing.
func (i *Installer) checkPlaces(p *plan) error {
	for _, c := range p.changes {
		err := i.unlessMountedSo(c.Path, nodefile.CheckReplace(c.Path, c.new))
		if err == nil && c.accept != nil {
			if err = nodefile.CheckRun(c.Path); err != nil {
				err = cannotRun(c.Path, err)
			}
		}
		if err != nil {
			return withFileHint(err)
		}
	}
	return nil
}

// maxMounts is how much of a table of mounts is read, in bytes: a node with a thousand pods has some MiB.
const maxMounts = 16 << 20

// unlessMountedSo drops the error of a dry run that cannot write to a path which the node itself can write to. The
// DaemonSet's dry run has the node's files mounted read-only, and the real run has not.
func (i *Installer) unlessMountedSo(path string, err error) error {
	if !i.dry || !errors.Is(err, syscall.EROFS) {
		return err
	}
	mounts, e := nodefile.ReadAll("/proc/1/mountinfo", maxMounts)
	if e == nil && nodefile.MountedWritable(mounts, nodefile.Parent(path)) {
		return nil
	}
	return err
}
