package image

import (
	"bytes"
	"debug/elf"
	"encoding/pem"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/pullpass/pullpass/integration/release/archive"
	"github.com/pullpass/pullpass/integration/release/source"
)

const (
	programPath     = "usr/local/bin/pullpass"
	authoritiesPath = "etc/ssl/certs/ca-certificates.crt" // where Go looks first, on Linux
	licencesPath    = "usr/share/licenses/pullpass/"      // where distributions have them

	nonroot = 65532 // the user and group that images without a distribution have by custom
)

// systemEntries are what a program finds in every distribution and needs here too, and the
// licences: pullpass's own, and those of others whose code is in the binary or whose files are here.
func systemEntries(license, others []byte) []archive.Entry {
	return []archive.Entry{
		{Name: "etc/", Mode: 0o755},
		{Name: "etc/group", Mode: 0o644, Data: fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", nonroot)},
		{Name: "etc/passwd", Mode: 0o644, Data: fmt.Appendf(nil,
			"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:%[1]d:%[1]d:nonroot:/home/nonroot:/sbin/nologin\n", nonroot)},
		{Name: "etc/ssl/", Mode: 0o755},
		{Name: "etc/ssl/certs/", Mode: 0o755},
		{Name: authoritiesPath, Mode: 0o644, Data: authorities()},
		{Name: "home/", Mode: 0o755},
		{Name: "home/nonroot/", Mode: 0o700, Owner: nonroot},
		{Name: "root/", Mode: 0o700},
		{Name: "usr/", Mode: 0o755},
		{Name: "usr/share/", Mode: 0o755},
		{Name: "usr/share/licenses/", Mode: 0o755},
		{Name: licencesPath, Mode: 0o755},
		{Name: licencesPath + "LICENSE", Mode: 0o644, Data: license},
		{Name: licencesPath + "THIRD-PARTY-LICENSES", Mode: 0o644, Data: others},
	}
}

func programEntries(program []byte) []archive.Entry {
	return []archive.Entry{
		{Name: "usr/", Mode: 0o755},
		{Name: "usr/local/", Mode: 0o755},
		{Name: "usr/local/bin/", Mode: 0o755},
		{Name: programPath, Mode: 0o755, Data: program},
	}
}

// authorities are the roots that Mozilla trusts, as the Go project keeps them. One that is trusted
// for older certificates only is left out: a file of certificates cannot say so.
func authorities() []byte {
	var file bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			file.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return file.Bytes()
}

// authoritiesModule is the module that the authorities are of, in the version that the repository's
// module of this program has.
func authoritiesModule(repository string) (source.Module, error) {
	const path = "golang.org/x/crypto/x509roots/fallback"
	list := exec.Command("go", "list", "-mod=readonly", "-m", "-f", "{{.Version}}", path)
	list.Dir = filepath.Join(repository, "integration")
	version, err := list.Output()
	if err != nil {
		return source.Module{}, fmt.Errorf("find the version of %s: %w", path, err)
	}
	return source.Module{Path: path, Version: strings.TrimSpace(string(version))}, nil
}

// checkStatic refuses a binary that does not run where there is nothing else.
func checkStatic(binary source.Binary) error {
	file, err := elf.Open(binary.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", binary.Path)
		}
	}
	return nil
}
