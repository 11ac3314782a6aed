package installer

import (
	"encoding/binary"
	"fmt"
	"io"
	"runtime"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/nodefile"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/platform"
	"github.com/pullpass/pullpass/provider"
)

// A machine is the kind of computer that a program is for: the class, byte order and e_machine of its ELF
// header, see elf(5).
type machine [3]uint16

// machineOf returns the machine of a program from its first bytes; false if they are no ELF header.
func machineOf(head []byte) (machine, bool) {
	if len(head) < 20 || string(head[:4]) != "\x7fELF" {
		return machine{}, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	return machine{uint16(head[4]), uint16(head[5]), order.Uint16(head[18:])}, true
}

// String returns Go's name for the machines that nodes are.
func (m machine) String() string {
	switch m[2] {
	case 3:
		return "386"
	case 40:
		return "arm"
	case 62:
		return "amd64"
	case 183:
		return "arm64"
	}
	return fmt.Sprintf("ELF machine %d", m[2])
}

// checkMachine refuses to install a binary into an image for other machines. The machine that builds the
// image can run the binary: only the nodes of the image would fail. Unknown machines are not refused.
func checkMachine(program []byte) error {
	ours, ok := machineOf(program)
	if !ok {
		return nil
	}
	for _, path := range append(platform.Programs(), "/usr/bin/env", "/bin/sh") {
		theirs, ok := machineOfFile(path)
		switch {
		case !ok:
		case theirs == ours:
			return nil
		default:
			return provider.WithHint(fmt.Errorf("install: %s is for %v, this pullpass binary for %s", path, theirs, runtime.GOARCH),
				"use the pullpass binary for "+theirs.String())
		}
	}
	return nil
}

func machineOfFile(path string) (machine, bool) {
	file, _, err := nodefile.Open(path)
	if err != nil {
		return machine{}, false
	}
	defer file.Close()
	head := make([]byte, 20)
	if _, err := io.ReadFull(file, head); err != nil {
		return machine{}, false
	}
	return machineOf(head)
}
