// Package authorities decides which files may name the certificate authorities of TLS connections.
package authorities

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pullpass/pullpass/provider/safefile"
)

// The environment variables that name the authorities for package crypto/x509, except on Windows and macOS.
const (
	fileVariable      = "SSL_CERT_FILE"
	directoryVariable = "SSL_CERT_DIR"
)

// A directory of certificates has at most this. That of a Linux distribution has some 300 files and 500 kB.
const (
	maxFiles = 4096
	maxSize  = 8 << 20 // bytes
)

// CheckSystem returns why the authorities that the environment names must not be used. crypto/x509 reads
// whatever file and directories these are, without a limit, at the first TLS connection: CheckSystem comes
// before that. The files are trusted as all others, see safefile.Read; what does not exist is none, if nobody else
// can make it before crypto/x509 looks. The places that crypto/x509 knows by itself are the system's own.
func CheckSystem(getenv func(string) string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil
	}
	if file := getenv(fileVariable); file != "" && file != os.DevNull {
		if _, err := read(file); err != nil {
			return fmt.Errorf("%s: %w", fileVariable, err)
		}
	}
	if directories := getenv(directoryVariable); directories != "" {
		for _, directory := range strings.Split(directories, ":") {
			if directory == os.DevNull {
				continue
			}
			if err := checkDirectory(directory); err != nil {
				return fmt.Errorf("%s: %w", directoryVariable, err)
			}
		}
	}
	return nil
}

// read returns what a file holds, nothing if there is none and others cannot make one.
func read(path string) ([]byte, error) {
	text, err := safefile.Read(path)
	if safefile.IsMissing(err) {
		return nil, safefile.CheckClosed(path)
	}
	return text, err
}

// checkDirectory checks all files that crypto/x509 reads there.
func checkDirectory(path string) error {
	if err := safefile.CheckClosed(path); err != nil {
		return err
	}
	directory, err := os.Open(path)
	if safefile.IsMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer directory.Close()
	entries, err := directory.ReadDir(maxFiles + 1)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case len(entries) > maxFiles:
		return fmt.Errorf("read %s: more than %d files", path, maxFiles)
	}
	size := 0
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		if entry.IsDir() || isAlias(entry, name) {
			continue
		}
		text, err := read(name)
		if err != nil && !isPassedOver(name, err) {
			return err
		}
		if size += len(text); size > maxSize {
			return fmt.Errorf("read %s: more than %d MiB in all", path, maxSize>>20)
		}
	}
	return nil
}

// isPassedOver reports whether err says that crypto/x509 cannot read a file, and so passes over it: a trusted one that
// this user may not read, or a link to a directory.
func isPassedOver(name string, err error) bool {
	if safefile.Check(name) != nil {
		return false
	}
	info, e := os.Stat(name)
	return errors.Is(err, fs.ErrPermission) || e == nil && info.IsDir()
}

// isAlias reports whether an entry is a link to another one of the same directory, such as those by which
// OpenSSL finds a certificate.
func isAlias(entry fs.DirEntry, name string) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return false
	}
	target, err := os.Readlink(name)
	return err == nil && !strings.Contains(target, "/")
}

// Load returns the authorities in a file of certificates in PEM. Errors name the file, and are those of
// safefile.Read for one that is not trusted.
func Load(path string) (*x509.CertPool, error) {
	text, err := safefile.Read(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate in " + path)
	}
	return pool, nil
}
