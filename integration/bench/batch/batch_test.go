package batch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/integration/bench/batch"
)

func TestRun(t *testing.T) {
	directory := t.TempDir()
	b := batch.Batch{
		Path:   "/bin/sh",
		Args:   []string{"-c", "cat; echo $GREETING; echo oops >&2; exit 3"},
		Env:    []string{"PATH=/usr/bin:/bin", "GREETING=hello"},
		Stderr: filepath.Join(directory, "stderr"),
	}
	for _, name := range []string{"a", "b"} {
		in, out := filepath.Join(directory, name), filepath.Join(directory, name+".out")
		for path, text := range map[string]string{in: name + "\n", out: "something longer from before\n"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b.Stdin, b.Stdout = append(b.Stdin, in), append(b.Stdout, out)
	}
	result, err := batch.Run(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, usage := range result.Processes {
		if usage.Exit != 3 || usage.Peak == 0 || usage.CPU > result.Wall*4 {
			t.Errorf("process %d: %+v", i, usage)
		}
	}
	if result.Wall <= 0 || result.Floor == 0 || len(result.Processes) != 2 {
		t.Errorf("got %+v", result)
	}
	for name, want := range map[string]string{"a.out": "a\nhello\n", "b.out": "b\nhello\n", "stderr": "oops\noops\n"} {
		if got, err := os.ReadFile(filepath.Join(directory, name)); string(got) != want {
			t.Errorf("%s holds %q, want %q; %v", name, got, want, err)
		}
	}
}

func TestRunErrors(t *testing.T) {
	directory := t.TempDir()
	good := batch.Batch{
		Path: filepath.Join(directory, "nothing"), Stdin: []string{os.DevNull}, Stdout: []string{os.DevNull}, Stderr: os.DevNull,
	}
	if _, err := batch.Run(good); err == nil || !strings.HasPrefix(err.Error(), "start ") {
		t.Errorf("no program: got %v", err)
	}
	good.Stdin = []string{filepath.Join(directory, "nothing")}
	if _, err := batch.Run(good); err == nil || !strings.HasPrefix(err.Error(), "open ") {
		t.Errorf("no stdin: got %v", err)
	}
}
