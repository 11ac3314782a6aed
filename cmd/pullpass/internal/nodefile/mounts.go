package nodefile

import (
	"path/filepath"
	"slices"
	"strings"
)

// MountedWritable reports whether a process can write to the file system at path, by its mountinfo file of
// /proc, see proc_pid_mountinfo(5). It is false if that does not say.
func MountedWritable(mountinfo []byte, path string) bool {
	path = RealPath(path)
	deepest, writable := "", false
	// How the kernel writes characters that would end a field.
	unescaped := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(string(mountinfo)) {
		// number parent device root point options tags… - type source options
		fields := strings.Fields(line)
		end := slices.Index(fields, "-")
		if end < 6 || len(fields) < end+4 {
			continue
		}
		point := unescaped.Replace(fields[4])
		below := point == "/" || path == point || strings.HasPrefix(path, point+"/")
		if below && len(point) >= len(deepest) { // of several on the same point, the last one is on top
			deepest = point
			writable = !readOnly(fields[5]) && !readOnly(fields[end+3])
		}
	}
	return writable
}

func readOnly(options string) bool { return slices.Contains(strings.Split(options, ","), "ro") }

// Parent returns the directory that has to be written to for path: the nearest one above it that exists.
func Parent(path string) string {
	directory := filepath.Dir(path)
	if missing := MissingDirectories(directory); len(missing) > 0 {
		directory = filepath.Dir(missing[0])
	}
	return directory
}
