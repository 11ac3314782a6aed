package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// evicted counts the pages of files that were to leave the page cache.
type evicted struct{ pages, left int }

// cold makes a contender find neither its program nor what it keeps in the page cache. The
// dynamic loader and the like do not matter: all are static.
func cold(c contender, count *evicted) contender {
	warm := c.prepare
	c.prepare = func() error {
		if warm != nil {
			if err := warm(); err != nil {
				return err
			}
		}
		return count.evictAll(c.path, c.state)
	}
	return c
}

// evictAll evicts a program and the files in a directory, if there is one.
func (e *evicted) evictAll(program, directory string) error {
	if err := e.evict(program); err != nil || directory == "" {
		return err
	}
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return e.evict(path)
	})
}

// evict writes a file out, asks the kernel to drop its pages, and counts those that it kept.
func (e *evicted) evict(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("evict %s: %w", path, err)
	}
	pages, cached, err := residency(file, int(info.Size()))
	if err != nil {
		return fmt.Errorf("look for the pages of %s: %w", path, err)
	}
	e.pages += pages
	e.left += cached
	return nil
}

// residency returns how many pages a file has, and how many of them are in the page cache.
func residency(file *os.File, size int) (pages, cached int, err error) {
	data, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, 0, err
	}
	defer unix.Munmap(data)
	pages = (size + os.Getpagesize() - 1) / os.Getpagesize()
	resident := make([]byte, pages)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE,
		uintptr(unsafe.Pointer(&data[0])), uintptr(size), uintptr(unsafe.Pointer(&resident[0])))
	if errno != 0 {
		return 0, 0, errno
	}
	for _, flags := range resident {
		cached += int(flags & 1)
	}
	return pages, cached, nil
}
