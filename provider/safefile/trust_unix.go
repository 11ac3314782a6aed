//go:build !windows

package safefile

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/pullpass/pullpass/provider"
)

const (
	maxLinks = 40 // as the kernel's, see path_resolution(7)
	shared   = 0o022
)

// A directory is where a walk has come to.
type directory struct {
	place
	// nameless says that its owner is one whom this user namespace has no number for, see hostRootIsNameless.
	nameless bool
	// open says that others than those of isAmongOurs can write it, by its mode.
	open bool
}

// keepsEntries reports whether others cannot replace the entries of a directory that they can write.
func (d *directory) keepsEntries() bool {
	if !d.info.IsDir() {
		return false
	}
	root := d.nameless || d.info.Sys().(*syscall.Stat_t).Uid == 0
	return root && (d.info.Mode()&fs.ModeSticky != 0 || isReadOnly(d.path))
}

// isVolume reports whether only its mount, which is read-only, keeps the entries of a directory, as it is
// with a pod's volume of a ConfigMap. Its filesystem may be mounted elsewhere as well, where others could put one
// file of ours in place of another: there, only root's are trusted. Links can be ours, as the kubelet makes them.
func (d *directory) isVolume() bool {
	return d.open && d.info.Mode()&fs.ModeSticky == 0
}

// A walk follows a path as the kernel does, and judges each step.
type walk struct {
	asked string // as the caller wrote it
	whole string // asked, from / on
	user  uint32
	// nameless is hostRootIsNameless.
	nameless func() bool
	above    []directory // from / to where the walk is, without links; its last one may be a file
	program  bool        // asked is to be run, see CheckProgram
	device   uint64      // whose filesystem was judged last
	links    int
	fault    error // the first one
}

// resolve returns where path leads, links followed. The error is that of a path which does not lead to
// anything, or says what on it is not trusted. With fs.ErrNotExist, the place has the fault.
func resolve(path string) (place, error) {
	return newWalk(path).end()
}

// resolveProgram is resolve for what CheckProgram trusts.
func resolveProgram(path string) (place, error) {
	w := newWalk(path)
	w.program = true
	return w.end()
}

func newWalk(path string) *walk {
	return &walk{asked: path, user: uint32(os.Geteuid()), nameless: hostRootIsNameless}
}

// end goes to where the path leads. Its results are those of resolve.
func (w *walk) end() (place, error) {
	path := w.asked
	rest := path
	if !strings.HasPrefix(path, "/") {
		here, err := os.Getwd()
		if err != nil {
			return place{}, err
		}
		rest = here + "/" + path
	}
	if path == "" {
		return place{}, renamed(syscall.ENOENT, path)
	}
	w.whole = rest
	if err := w.step("/"); err != nil {
		return place{}, renamed(err, path)
	}
	for names := strings.Split(rest[1:], "/"); len(names) > 0; {
		name := names[0]
		names = names[1:]
		here := w.here()
		switch {
		case !here.info.IsDir():
			return w.nowhere(), renamed(syscall.ENOTDIR, path)
		case name == "" || name == ".":
			continue
		case name == "..":
			if len(w.above) > 1 {
				w.above = w.above[:len(w.above)-1]
			}
			continue
		}
		if err := w.step(strings.TrimSuffix(here.path, "/") + "/" + name); err != nil {
			return w.nowhere(), renamed(err, path)
		}
		if w.here().info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if w.fault != nil { // where it leads is up to others
			return place{}, w.fault
		}
		target, err := w.follow()
		if err != nil {
			return place{}, renamed(err, path)
		}
		names = append(strings.Split(target, "/"), names...)
	}
	found := w.here().place
	found.exposed = w.exposed()
	return found, w.fault
}

func (w *walk) here() directory { return w.above[len(w.above)-1] }

// last is here, and nil before the first step.
func (w *walk) last() *directory {
	if len(w.above) == 0 {
		return nil
	}
	return &w.above[len(w.above)-1]
}

func (w *walk) nowhere() place {
	return place{linked: w.links > 0, fault: w.fault, exposed: w.exposed()}
}

// exposed returns an error if others can make files in the directory where the walk is. They can in one that only the
// sticky bit protects.
func (w *walk) exposed() error {
	at := w.here()
	if !at.info.IsDir() || !at.open || isReadOnly(at.path) {
		return nil
	}
	return provider.WithHint(fmt.Errorf("%s: others can make files in %s", w.asked, w.name(&at, "it")),
		"use a directory that only root can write to")
}

// step goes to what is at path, in the directory where the walk is.
func (w *walk) step(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	next := directory{place: place{path: path, info: info}}
	if w.fault == nil {
		w.fault = w.judge(&next)
	}
	w.above = append(w.above, next)
	return nil
}

// follow returns where the link leads that the walk is at, and goes to the directory that it leads from.
func (w *walk) follow() (string, error) {
	link := w.here().path
	w.above = w.above[:len(w.above)-1]
	if w.links++; w.links > maxLinks {
		return "", syscall.ELOOP
	}
	target, err := os.Readlink(link)
	if strings.HasPrefix(target, "/") {
		w.above = w.above[:1]
	}
	return target, err
}

// judge returns why next, the step from where the walk is, is not trusted.
func (w *walk) judge(next *directory) error {
	mode, above := next.info.Mode(), w.last()
	stat := next.info.Sys().(*syscall.Stat_t)
	if stat.Uid != 0 && stat.Uid != w.user {
		// An entry of a directory that others can write is theirs if it is not ours.
		private := above == nil || above.nameless && !above.open
		if !mode.IsDir() && !w.program || !private || stat.Uid != overflowUser || !w.nameless() {
			return w.wrongOwner(next, stat.Uid)
		}
		next.nameless = true
	}
	// The mode of a link says nothing, and a device is nothing to read.
	next.open = (mode.IsDir() || mode.IsRegular()) && mode&shared != 0 && !isAmongOurs(next.path, stat, w.user)
	if next.open && !next.keepsEntries() {
		return w.wrongMode(next)
	}
	if above != nil && above.isVolume() && stat.Uid != 0 && mode&fs.ModeSymlink == 0 {
		return w.wrongMode(above)
	}
	// Mounts are where the filesystem changes.
	if device := uint64(stat.Dev); device != w.device || above == nil {
		w.device = device
		kind, err := refusedFilesystem(next.path, device, w.user, above != nil && above.open)
		if err != nil {
			return err
		}
		if kind != "" {
			return provider.WithHint(
				fmt.Errorf("%s: %s is on %s, where other users decide what a file holds", w.asked, w.name(next, "it"), kind),
				"name a file on a disk, or copy it to one")
		}
	}
	return nil
}

// name returns what messages call a place: asked, if it is what the caller asked for.
func (w *walk) name(at *directory, asked string) string {
	if at.path == w.whole {
		return asked
	}
	return at.path
}

func (w *walk) wrongOwner(at *directory, owner uint32) error {
	who, name := "its owner", w.name(at, w.asked)
	if at.path != w.whole {
		who = "the owner of " + at.path
	}
	// Its owner may have prepared what is there, and the next thing below it, for root to take over. A file can still be
	// open for writing after it has another owner.
	hint := "check what it says, and put a copy in its place: cp " + name + " " + name + ".new && mv " + name + ".new " + name
	switch mode := at.info.Mode(); {
	case mode.IsDir():
		hint = "chown root " + name + " after checking what is in it, or use another directory"
	case mode&fs.ModeSymlink != 0:
		hint = "chown -h root " + name + " after checking where it leads"
	}
	return provider.WithHint(fmt.Errorf("%s: %s, user %d, can change where credentials go", w.asked, who, owner), hint)
}

func (w *walk) wrongMode(at *directory) error {
	mode := at.info.Mode()
	what := fmt.Sprintf("mode %04o", mode.Perm())
	if at.path != w.whole {
		what += " of " + at.path
	}
	hint := "chmod go-w " + w.name(at, w.asked)
	if mode.IsDir() && mode.Perm() == 0o777 {
		// A pod cannot change its volumes. A kubelet gives those in memory the sticky bit.
		hint += "; a pod can trust an emptyDir volume if its medium is Memory"
	}
	return provider.WithHint(fmt.Errorf("%s: %s lets group or others change where credentials go", w.asked, what), hint)
}

// othersCanRead leaves the group out: it is how a secret is shared on purpose.
func othersCanRead(mode fs.FileMode) bool { return mode&0o004 != 0 }
