package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pullpass/pullpass/cache/filelock"
)

// lookEvery is how often the file is looked at for new lines.
const lookEvery = time.Second

// Follow copies the file at path to out, and then what is added to it, until ctx ends. It goes on with the next file
// after a rotation, and waits for one that does not exist. warn takes what keeps it from reading, once.
func Follow(ctx context.Context, path string, out io.Writer, warn func(string)) {
	f := &follower{path: path, out: out}
	defer f.close()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	said := ""
	for {
		text := ""
		if err := f.look(); err != nil {
			text = fmt.Sprintf("the log %s is not printed: %v", path, err)
		}
		if text != "" && text != said {
			warn(text)
		}
		said = text
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// A follower is at some place of the file.
type follower struct {
	path string
	out  io.Writer
	file *os.File // nil for none
	// rotated says that the file was found renamed: the next look is the last one, since a process that has opened
	// the file before may still write to it.
	rotated bool
}

func (f *follower) close() {
	if f.file != nil {
		f.file.Close()
		f.file, f.rotated = nil, false
	}
}

// look copies what is new.
func (f *follower) look() error {
	if f.file == nil {
		if err := f.open(); err != nil || f.file == nil {
			return err
		}
	}
	if _, err := io.Copy(f.out, f.file); err != nil {
		return err
	}
	named, err := os.Lstat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	opened, failed := f.file.Stat()
	if failed != nil {
		return failed
	}
	if err == nil && os.SameFile(named, opened) {
		return f.rewind(opened.Size())
	}
	if !f.rotated {
		f.rotated = true
		return nil
	}
	f.close()
	return f.look()
}

// rewind goes back to the beginning of a file that was made shorter.
func (f *follower) rewind(size int64) error {
	at, err := f.file.Seek(0, io.SeekCurrent)
	if err == nil && at > size {
		_, err = f.file.Seek(0, io.SeekStart)
	}
	return err
}

// open opens the file if there is one.
func (f *follower) open() error {
	file, err := os.OpenFile(f.path, os.O_RDONLY|filelock.OpenFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		file.Close()
		return err
	}
	f.file = file
	return nil
}
