package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// A file is one in an image, as its tar header and content have it.
type file struct {
	tar.Header
	content []byte
}

// filesOf returns what is in an image when its layers are on top of each other.
func filesOf(t *testing.T, image v1.Image) map[string]file {
	t.Helper()
	extracted := mutate.Extract(image)
	defer extracted.Close()
	files := map[string]file{}
	for archive := tar.NewReader(extracted); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(header.Name, "/")] = file{*header, content}
	}
}

func TestFiles(t *testing.T) {
	found, _ := images(t, testIndex(t))
	for i, image := range found {
		files := filesOf(t, image)
		var list []string
		for name, f := range files {
			list = append(list, fmt.Sprintf("%s %s %d:%d", f.FileInfo().Mode(), name, f.Uid, f.Gid))
			if !f.ModTime.Equal(binaries[i].Created) {
				t.Errorf("%s is of %s", name, f.ModTime)
			}
		}
		slices.SortFunc(list, func(a, b string) int { return strings.Compare(a[11:], b[11:]) })
		want := []string{
			"drwxr-xr-x etc 0:0",
			"-rw-r--r-- etc/group 0:0",
			"-rw-r--r-- etc/passwd 0:0",
			"drwxr-xr-x etc/ssl 0:0",
			"drwxr-xr-x etc/ssl/certs 0:0",
			"-rw-r--r-- etc/ssl/certs/ca-certificates.crt 0:0",
			"drwxr-xr-x home 0:0",
			"drwx------ home/nonroot 65532:65532",
			"drwx------ root 0:0",
			"drwxr-xr-x usr 0:0",
			"drwxr-xr-x usr/local 0:0",
			"drwxr-xr-x usr/local/bin 0:0",
			"-rwxr-xr-x usr/local/bin/pullpass 0:0",
			"drwxr-xr-x usr/share 0:0",
			"drwxr-xr-x usr/share/licenses 0:0",
			"drwxr-xr-x usr/share/licenses/pullpass 0:0",
			"-rw-r--r-- usr/share/licenses/pullpass/LICENSE 0:0",
			"-rw-r--r-- usr/share/licenses/pullpass/THIRD-PARTY-LICENSES 0:0",
		}
		if !slices.Equal(list, want) {
			t.Errorf("in the image:\n%s", strings.Join(list, "\n"))
		}
		for path, same := range map[string]string{
			"usr/local/bin/pullpass":              binaries[i].Path,
			"usr/share/licenses/pullpass/LICENSE": license,
		} {
			content, err := os.ReadFile(same)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(files[path].content, content) {
				t.Errorf("%s is not %s", path, same)
			}
		}
		if passwd := string(files["etc/passwd"].content); !strings.Contains(passwd, "\nnonroot:x:65532:65532:nonroot:/home/nonroot:") ||
			!strings.HasPrefix(passwd, "root:x:0:0:root:/root:") {
			t.Errorf("passwd:\n%s", passwd)
		}
	}
}

func TestBinaryIsStatic(t *testing.T) {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	found, architectures := images(t, testIndex(t))
	for i, image := range found {
		program, err := elf.NewFile(bytes.NewReader(filesOf(t, image)["usr/local/bin/pullpass"].content))
		if err != nil {
			t.Fatal(err)
		}
		if program.Machine != machines[architectures[i]] {
			t.Errorf("for %s: a binary for %s", architectures[i], program.Machine)
		}
		libraries, err := program.ImportedLibraries()
		if err != nil || len(libraries) > 0 {
			t.Errorf("for %s: the binary needs %q, %v", architectures[i], libraries, err)
		}
		for _, part := range program.Progs {
			if part.Type == elf.PT_INTERP {
				t.Errorf("for %s: the binary needs an interpreter", architectures[i])
			}
		}
	}
}

// The roots of the clouds' API are those that pullpass cannot do without.
func TestAuthorities(t *testing.T) {
	found, _ := images(t, testIndex(t))
	names := map[string]bool{}
	for rest := filesOf(t, found[0])["etc/ssl/certs/ca-certificates.crt"].content; len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatalf("no certificate: %q", rest)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if !certificate.IsCA {
			t.Errorf("%s is no authority", certificate.Subject)
		}
		names[certificate.Subject.CommonName] = true
	}
	if len(names) < 100 {
		t.Errorf("there are only %d authorities", len(names))
	}
	for _, name := range []string{"Amazon Root CA 1", "GTS Root R1", "DigiCert Global Root G2", "ISRG Root X1"} {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// Of all modules in the binary there is a licence, of Go, and of whose certificates are in the image.
func TestLicences(t *testing.T) {
	found, _ := images(t, testIndex(t))
	text := string(filesOf(t, found[0])["usr/share/licenses/pullpass/THIRD-PARTY-LICENSES"].content)
	if len(binaries[0].Modules) == 0 {
		t.Fatal("the binary has no modules")
	}
	titles := []string{"Go " + strings.TrimPrefix(binaries[0].Go, "go")}
	for _, module := range binaries[0].Modules {
		titles = append(titles, module.Path+" "+module.Version)
	}
	if !regexp.MustCompile(`\ngolang\.org/x/crypto/x509roots/fallback v[0-9][^ ]*: LICENSE\n`).MatchString(text) {
		t.Error("no licence of the certificates")
	}
	for _, title := range titles {
		if !strings.Contains(text, "\n"+title+": LICENSE") {
			t.Errorf("no licence of %s", title)
		}
	}
}
