package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	"github.com/sassoftware/go-rpmutils"
)

// checkPackages checks that the packages have the files of the archive for their platform, and that the manifests name
// the archives.
func checkPackages(t *testing.T, out string) {
	for _, arch := range []string{"amd64", "arm64"} {
		name := "pullpass-" + version + "-linux-" + arch
		archived := map[string][]byte{}
		for path, content := range untar(t, read(t, out, name+".tar.gz")) {
			archived[strings.TrimPrefix(path, name+"/")] = content
		}
		checkCompletions(t, archived, filepath.Join(out, "pullpass-linux-"+arch), arch)
		for kind, files := range map[string]map[string][]byte{
			".deb": undeb(t, read(t, out, name+".deb")),
			".rpm": unrpm(t, read(t, out, name+".rpm")),
		} {
			for installed, want := range installedAs(kind, archived) {
				if content, found := files[installed]; !found || !bytes.Equal(content, archived[want]) {
					t.Errorf("%s%s: %s is missing, or not %s of the archive", name, kind, installed, want)
				}
				delete(files, installed)
			}
			for path := range files {
				t.Errorf("%s%s has %s", name, kind, path)
			}
		}
	}
	for _, manifest := range []string{"pullpass.rb", "pullpass-krew.yaml"} {
		text := read(t, out, manifest)
		for _, file := range names(t, out) {
			archive := regexp.MustCompile(`\.(tar\.gz|zip)$`).MatchString(file)
			if want := archive && (manifest != "pullpass.rb" || filepath.Ext(file) == ".gz"); want != bytes.Contains(text, []byte("/"+version+"/"+file)) ||
				want != bytes.Contains(text, fmt.Appendf(nil, "%x", sha256.Sum256(read(t, out, file)))) {
				t.Errorf("%s names %s, or its checksum: not %v", manifest, file, want)
			}
		}
	}
}

// installedAs returns by its path on a node which file of the archive a package has.
func installedAs(kind string, archived map[string][]byte) map[string]string {
	zsh, license := "usr/share/zsh/vendor-completions", "copyright"
	if kind == ".rpm" {
		zsh, license = "usr/share/zsh/site-functions", "LICENSE"
	}
	want := map[string]string{
		"usr/bin/pullpass": "pullpass",
		"usr/share/bash-completion/completions/pullpass":    "completions/pullpass.bash",
		"usr/share/fish/vendor_completions.d/pullpass.fish": "completions/pullpass.fish",
		zsh + "/_pullpass":                  "completions/pullpass.zsh",
		"usr/share/doc/pullpass/" + license: "LICENSE",
	}
	for _, name := range []string{"CHANGELOG.md", "README.md", "SECURITY.md", "THIRD-PARTY-LICENSES"} {
		want["usr/share/doc/pullpass/"+name] = name
	}
	for path := range archived {
		if page, found := strings.CutPrefix(path, "man/man1/"); found && page != "" {
			want["usr/share/man/man1/"+page+".gz"] = path
		}
	}
	return want
}

// checkCompletions checks the pages and completions of an archive by what the binary itself says, if it runs here.
func checkCompletions(t *testing.T, archived map[string][]byte, binary, arch string) {
	t.Helper()
	for _, page := range []string{"pullpass", "pullpass-install", "pullpass-secret", "pullpass-secret-check", "pullpass-cache-list"} {
		text := archived["man/man1/"+page+".1"]
		title := fmt.Sprintf(".TH %q \"1\" ", strings.ToUpper(page))
		if !bytes.Contains(text, []byte(title)) || !bytes.Contains(text, []byte(`"pullpass `+version+`"`)) {
			t.Errorf("%s.1 is\n%s", page, text)
		}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != arch {
		return
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		output, err := exec.Command("sh", "-c", `cp "$0" "$1/pullpass" && exec "$1/pullpass" completion "$2"`, binary, t.TempDir(), shell).Output()
		if err != nil || !bytes.Equal(output, archived["completions/pullpass."+shell]) {
			t.Errorf("the completion for %s is not that of the binary: %v", shell, err)
		}
	}
	help, err := exec.Command("sh", "-c", `cp "$0" "$1/pullpass" && exec "$1/pullpass" --help`, binary, t.TempDir()).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range regexp.MustCompile(`(?m)^  ([a-z]+) +[A-Z]`).FindAllSubmatch(help, -1) {
		if name := "man/man1/pullpass-" + string(command[1]) + ".1"; string(command[1]) != "help" && archived[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
}

// undeb returns the files of a Debian package, which has no scripts. Pages are uncompressed.
func undeb(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	var files map[string][]byte
	for archive := ar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return uncompressed(t, files)
		}
		if err != nil {
			t.Fatal(err)
		}
		member, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		switch header.Name {
		case "control.tar.gz":
			for name := range untar(t, member) {
				if name != "./control" && name != "./md5sums" {
					t.Errorf("the package has %s", name)
				}
			}
		case "data.tar.gz":
			files = untar(t, member)
		}
	}
}

// unrpm returns the files of an RPM package, which has no scripts. Pages are uncompressed.
func unrpm(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	rpm, err := rpmutils.ReadRpm(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []int{rpmutils.PREIN, rpmutils.POSTIN, rpmutils.PREUN, rpmutils.POSTUN} {
		if rpm.Header.HasTag(tag) {
			t.Errorf("the package has a script: tag %d", tag)
		}
	}
	payload, err := rpm.PayloadReaderExtended()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for {
		info, err := payload.Next()
		if err == io.EOF {
			return uncompressed(t, files)
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.UserName() != "root" || info.GroupName() != "root" {
			t.Errorf("%s belongs to %s:%s", info.Name(), info.UserName(), info.GroupName())
		}
		const directory, regular = 0o040755, 0o100644
		want := regular
		switch {
		case info.Name() == "/usr/share/doc/pullpass":
			want = directory
		case info.Name() == "/usr/bin/pullpass":
			want = 0o100755
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %o", info.Name(), info.Mode())
		}
		if want == directory {
			continue
		}
		if files[info.Name()], err = io.ReadAll(payload); err != nil {
			t.Fatal(err)
		}
	}
}

// uncompressed returns files by their paths without the root, without directories, and with uncompressed pages.
func uncompressed(t *testing.T, files map[string][]byte) map[string][]byte {
	t.Helper()
	result := map[string][]byte{}
	for name, content := range files {
		if strings.HasSuffix(name, "/") {
			continue
		}
		if filepath.Ext(name) == ".gz" {
			r, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if !r.ModTime.IsZero() || r.Name != "" {
				t.Errorf("%s has the time %v and the name %q", name, r.ModTime, r.Name)
			}
			if content, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		result[strings.TrimPrefix(strings.TrimPrefix(name, "."), "/")] = content
	}
	return result
}
