// Package fetch gets programs that tests need and this machine may lack, into a cache of the repository. It installs
// nothing.
package fetch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/integration/cluster"
)

// Kept returns a directory below cluster.CacheDirectory, which fill fills if it is not there.
func Kept(name string, fill func(directory string) error) (string, error) {
	cache, err := cluster.CacheDirectory()
	if err != nil {
		return "", err
	}
	directory := filepath.Join(cache, name)
	if _, err := os.Stat(directory); err == nil {
		return directory, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unfinished, err := os.MkdirTemp(cache, name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(unfinished)
	if err := fill(unfinished); err != nil {
		return "", err
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return "", err
	}
	err = os.Rename(unfinished, directory)
	if errors.Is(err, os.ErrExist) {
		err = nil // another process was as fast
	}
	return directory, err
}

// Run runs a command, whose output is its error's.
func Run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, output)
	}
	return nil
}

// Debian returns a directory with the files of a Debian package, and of those that it needs and this machine lacks.
func Debian(name string) (string, error) {
	return Kept(name, func(directory string) error {
		if err := download(directory, name); err != nil {
			// The list of packages is missing or old.
			if err := Run(exec.Command("apt-get", "update")); err != nil {
				return err
			}
			if err := download(directory, name); err != nil {
				return err
			}
		}
		packages, err := filepath.Glob(filepath.Join(directory, "*.deb"))
		if err != nil || len(packages) == 0 {
			return errors.Join(err, fmt.Errorf("apt-get downloaded nothing for %s", name))
		}
		for _, path := range packages {
			if err := Run(exec.Command("dpkg-deb", "--extract", path, directory)); err != nil {
				return err
			}
			if err := os.Remove(path); err != nil {
				return err
			}
		}
		return nil
	})
}

// download puts a Debian package and what it needs into a directory. The user as whom apt downloads cannot write there.
func download(directory, name string) error {
	return Run(exec.Command("apt-get", "install", "--yes", "--download-only", "--reinstall", "--no-install-recommends",
		"-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root", "-o", "Dir::Cache::archives="+directory, name))
}

// Command returns a command that runs a program below a directory of Debian, with the libraries there.
func Command(directory, program string, args ...string) (*exec.Cmd, error) {
	libraries, err := filepath.Glob(filepath.Join(directory, "usr", "lib", "*-linux-gnu"))
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(directory, program), args...)
	command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	return command, nil
}
