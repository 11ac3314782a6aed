package nodefile

import (
	"io/fs"
	"os"
)

// Files have no such owners on Windows, where nothing is installed.

// Owner returns no IDs.
func Owner(fs.FileInfo) (uid, gid int) { return -1, -1 }

func chown(*os.File, int, int) error { return nil }
