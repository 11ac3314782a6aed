package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// copyTo copies all programs that are measured into a directory, and has the copies measured.
//
// How a file was written decides how it lies in the page cache. The linker writes to many places of
// its output, so that each page is a piece of its own. A program that was installed, by a copy, a
// download or an archive, was written from its beginning to its end, and its pages lie in large pieces.
// The kernel then maps more of them at each page fault, so that the program starts faster, a large one
// more so than a small one. What was built just now would be slower than what lay in the cache of other
// plugins, and than it is on a node.
func (p *programs) copyTo(directory string) error {
	for i, one := range p.measured() {
		data, err := os.ReadFile(one.path)
		if err != nil {
			return fmt.Errorf("copy %s: %w", one.name, err)
		}
		one.linked, one.path = one.path, filepath.Join(directory, fmt.Sprintf("%d-%s", i, filepath.Base(one.path)))
		if err := os.WriteFile(one.path, data, 0o600); err != nil { // in one write
			return fmt.Errorf("copy %s: %w", one.name, err)
		}
		if err := os.Chmod(one.path, 0o755); err != nil {
			return fmt.Errorf("copy %s: %w", one.name, err)
		}
	}
	return nil
}

// asLinked is c with the file that its program was copied from. It starts more slowly. Its memory has
// fewer of the pages that nobody has touched, and that belong to the page cache anyway.
func asLinked(c contender, p program) contender {
	c.name += linked
	c.path = p.linked
	return c
}
