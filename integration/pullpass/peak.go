package pullpass

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// BuildPeak builds the program peak into a directory and returns its path.
func BuildPeak(directory string) (string, error) {
	path := filepath.Join(directory, "peak")
	command := exec.Command("go", "build", "-o", path, "../pullpass/peak")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build peak: %w\n%s", err, output)
	}
	return path, nil
}

// MeasurePeak has a command, which is not started, run below the program peak. The function that it returns
// gives the peak memory in KiB, after the command's end.
func MeasurePeak(t testing.TB, peak string, command *exec.Cmd) func() int64 {
	t.Helper()
	result := filepath.Join(t.TempDir(), "peak")
	command.Args = append([]string{peak, result, command.Path}, command.Args[1:]...)
	command.Path = peak
	return func() int64 {
		t.Helper()
		data, err := os.ReadFile(result)
		if err != nil {
			t.Fatal(err)
		}
		kib, err := strconv.ParseInt(string(data), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return kib
	}
}
