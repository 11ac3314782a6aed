package kubeletconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/provider"
)

// A File is a file of a config.
type File struct {
	Name string
	Data []byte
}

// ReadFiles reads the config at a path as the kubelet does: the file itself, or the files of a directory
// that end in .json, .yaml or .yml, in lexical order. passedOver are notes about the directory's other
// files. read reads a file. It is an error if it cannot, or if the directory cannot be listed.
func ReadFiles(path string, read func(name string) ([]byte, error)) (files []File, passedOver []report.Finding, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	names := []string{path}
	if info.IsDir() {
		names, passedOver, err = listDirectory(path)
		if err != nil {
			return nil, nil, err
		}
	}
	for _, name := range names {
		data, err := read(name)
		if err != nil {
			return nil, passedOver, err
		}
		files = append(files, File{name, data})
	}
	return files, passedOver, nil
}

func listDirectory(path string) (names []string, passedOver []report.Finding, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, nil, err
	}
	passOver := func(name, text string) {
		passedOver = append(passedOver, report.Finding{Severity: report.Note, Place: report.Place{File: name}, Text: text})
	}
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		switch {
		case entry.IsDir():
			passOver(name, "the kubelet does not look into directories below it")
		case slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(name)):
			names = append(names, name)
		default:
			passOver(name, "the kubelet does not read it: its name ends neither in .yaml nor in .yml or .json")
		}
	}
	slices.Sort(names)
	return names, passedOver, nil
}

// CheckBinary returns the function of that name for Check. It looks for binaries in a bin dir as the
// kubelet does. Some of its errors carry a hint.
func CheckBinary(dir string) func(name string) error {
	return func(name string) error {
		path, err := filepath.Abs(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		_, err = exec.LookPath(path)
		var pathError *fs.PathError
		info, statErr := os.Stat(path)
		switch {
		case err == nil:
			return nil
		case errors.Is(statErr, fs.ErrNotExist):
			return fmt.Errorf("there is no %s", path)
		case statErr == nil && info.IsDir():
			return fmt.Errorf("%s is a directory", path)
		case statErr == nil && errors.Is(err, fs.ErrPermission):
			return provider.WithHint(fmt.Errorf("%s is not executable, its mode is %#o", path, info.Mode().Perm()), "chmod 0755 "+path)
		case errors.As(statErr, &pathError):
			err = pathError.Err
		}
		return fmt.Errorf("%s: %w", path, err)
	}
}
