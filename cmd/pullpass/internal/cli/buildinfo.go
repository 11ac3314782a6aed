package cli

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime/debug"
)

// The package debug/buildinfo reads the same, and costs every start a dozen page faults: it brings debug/elf and
// debug/dwarf. This is its format for programs of Go 1.18 and later. The build information begins on a multiple
// of buildAlign with buildMagic, the size of a pointer, and flags. Two texts follow at buildHead, each after its
// length: the version of Go, and the modules between two sentinels.
const (
	buildMagic   = "\xff Go buildinf:"
	buildAlign   = 16
	buildHead    = 32
	buildInline  = 2 // the flag for texts that follow
	sentinelSize = 16
	// maxBuildText is many times what the modules of a pullpass take, in bytes.
	maxBuildText = 1 << 20
)

// buildInfoOf returns what the Go linker recorded of a program, nil if there is nothing.
func buildInfoOf(program io.ReaderAt) *debug.BuildInfo {
	chunk := make([]byte, 64<<10)
	for offset := int64(0); ; offset += int64(len(chunk)) {
		n, err := program.ReadAt(chunk, offset)
		for at := 0; at+buildAlign <= n; at += buildAlign {
			if bytes.HasPrefix(chunk[at:], []byte(buildMagic)) && chunk[at+buildAlign-1]&buildInline != 0 {
				if build := buildInfoAt(program, offset+int64(at)+buildHead); build != nil {
					return build
				}
			}
		}
		if err != nil {
			return nil
		}
	}
}

// buildInfoAt returns the build information with the texts at an offset, nil if there are others.
func buildInfoAt(program io.ReaderAt, offset int64) *debug.BuildInfo {
	goVersion, offset := buildText(program, offset)
	modules, _ := buildText(program, offset)
	if goVersion == "" || len(modules) < 2*sentinelSize {
		return nil
	}
	build, err := debug.ParseBuildInfo(modules[sentinelSize : len(modules)-sentinelSize])
	if err != nil {
		return nil
	}
	build.GoVersion = goVersion
	return build
}

// buildText returns the text at an offset and the offset after it, "" if there is none.
func buildText(program io.ReaderAt, offset int64) (string, int64) {
	var head [binary.MaxVarintLen64]byte
	n, _ := program.ReadAt(head[:], offset)
	length, size := binary.Uvarint(head[:n])
	if size <= 0 || length > maxBuildText {
		return "", offset
	}
	text := make([]byte, length)
	offset += int64(size)
	if n, _ := program.ReadAt(text, offset); n < len(text) {
		return "", offset
	}
	return string(text), offset + int64(length)
}
