package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestVersionOf: the version of a program from its file is what it says itself.
func TestVersionOf(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := VersionOf(bytes.NewReader(program)); got != version() || !strings.HasPrefix(got, "pullpass ") {
		t.Errorf("%q, want %q", got, version())
	}
	// What only looks like it is passed over.
	head := buildMagic + "\x08\x02" + strings.Repeat("\x00", 16)
	decoys := head + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" + strings.Repeat("\x00", 22) + head + "\x03go1\xff\xff\x7f" + strings.Repeat("\x00", 25)
	decoys += strings.Repeat("\x00", -len(decoys)&15)
	if got := VersionOf(bytes.NewReader(append([]byte(decoys), program...))); got != version() {
		t.Errorf("after others: %q, want %q", got, version())
	}
	for name, text := range map[string]string{"nothing": "", "no program": "#!/bin/sh\n", "others alone": decoys, "a beginning": head, "a piece": buildMagic} {
		if got := VersionOf(strings.NewReader(text)); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
