package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/pullpass/pullpass/integration/fakes/registry"
	"github.com/pullpass/pullpass/integration/release/source"
)

const version = "v1.2.3"

// TestRelease makes a release of the work tree, as a tagged commit, at two places and in two
// environments.
func TestRelease(t *testing.T) {
	withoutGitVariables(t)
	first := snapshot(t)
	second := filepath.Join(t.TempDir(), "a", "longer", "path", "to", "it")
	git(t, ".", "clone", "--quiet", first, second)
	commit := git(t, first, "rev-parse", "HEAD")

	makeTarget(t, first, "022", []string{"GOFLAGS=-buildvcs=false", "TZ=UTC"}, "release")
	makeTarget(t, second, "077", []string{"GOFLAGS=-ldflags=-s", "TZ=Asia/Tokyo", "SOURCE_DATE_EPOCH=1"}, "release")
	out := filepath.Join(first, "bin", "release")
	checkChecksums(t, out)
	if a, b := read(t, out, "checksums.txt"), read(t, second, "bin/release/checksums.txt"); string(a) != string(b) {
		t.Errorf("the same commit gives\n%sand then\n%s", a, b)
	}

	var want []string
	for _, platform := range []source.Platform{
		{OS: "darwin", Arch: "amd64"}, {OS: "darwin", Arch: "arm64"},
		{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"},
		{OS: "windows", Arch: "amd64"},
	} {
		name := "pullpass-" + version + "-" + platform.OS + "-" + platform.Arch
		archived := name + ".tar.gz"
		if platform.OS == "windows" {
			archived = name + ".zip"
		}
		raw := "pullpass-" + platform.OS + "-" + platform.Arch
		switch platform.OS {
		case "windows":
			raw += ".exe"
		case "linux":
			want = append(want, name+".deb", name+".rpm")
		}
		want = append(want, name+".cdx.json", archived, raw)
		t.Run(platform.String(), func(t *testing.T) {
			binary := checkArchive(t, out, archived, platform, commit)
			checkSBOM(t, read(t, out, name+".cdx.json"), binary)
			if program := read(t, filepath.Dir(binary.Path), filepath.Base(binary.Path)); !bytes.Equal(read(t, out, raw), program) {
				t.Errorf("%s is not the binary of the archive", raw)
			}
		})
	}
	want = append(want, "pullpass-"+version+"-image.tar", chartName, "checksums.txt", "config.schema.json", "pullpass-krew.yaml", "pullpass.rb")
	slices.Sort(want)
	if got := names(t, out); !slices.Equal(got, want) {
		t.Errorf("released are %q", got)
	}
	t.Run("packages", func(t *testing.T) { checkPackages(t, out) })
	t.Run("chart", func(t *testing.T) { testChart(t, out, indexDigest(t, read(t, out, "pullpass-"+version+"-image.tar"))) })
	t.Run("image", func(t *testing.T) { testImage(t, first, second) })
	t.Run("changed", func(t *testing.T) { testChanged(t, second, commit) })
}

// snapshot returns a new repository with what is in this one's work tree, committed and tagged.
func snapshot(t *testing.T) string {
	t.Helper()
	const repository = "../.."
	directory := t.TempDir()
	for _, path := range strings.Split(git(t, repository, "ls-files", "--cached", "--others", "--exclude-standard", "-z"), "\x00") {
		info, err := os.Stat(filepath.Join(repository, path))
		if path == "" || errors.Is(err, fs.ErrNotExist) { // deleted, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(directory, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, path), read(t, repository, path), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	// From here on, the hooks and templates of who runs the tests are not for what is made.
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	git(t, directory, "init", "--quiet")
	git(t, directory, "add", "--all")
	git(t, directory, "-c", "user.name=acme", "-c", "user.email=acme@example.com", "-c", "commit.gpgSign=false",
		"commit", "--quiet", "--message=Release")
	git(t, directory, "-c", "tag.gpgSign=false", "tag", version)
	return directory
}

// withoutGitVariables drops what git sets for its hooks, from one of which the tests may run: it
// names the repository of the hook, and would have us commit into that.
func withoutGitVariables(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, "") // which restores it in the end
			os.Unsetenv(name)
		}
	}
}

func git(t *testing.T, directory string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = directory
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args, err, stderr.Bytes())
	}
	return strings.TrimSuffix(string(output), "\n")
}

// makeTarget runs make for a target of a repository.
func makeTarget(t *testing.T, repository, umask string, env []string, args ...string) string {
	t.Helper()
	command := exec.Command("sh", append([]string{"-c", "umask " + umask + ` && exec make "$@"`, "sh"}, args...)...)
	command.Dir = repository
	command.Env = append(os.Environ(), "MAKEFLAGS=") // not those of the make that runs the tests
	command.Env = append(command.Env, env...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", args, err, output)
	}
	return string(output)
}

func read(t *testing.T, directory, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// checkChecksums checks that checksums.txt is right for all other files, as sha256sum writes it.
func checkChecksums(t *testing.T, directory string) {
	t.Helper()
	var want strings.Builder
	for _, name := range names(t, directory) {
		if name != "checksums.txt" {
			fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(read(t, directory, name)), name)
		}
	}
	if got := string(read(t, directory, "checksums.txt")); got != want.String() {
		t.Errorf("checksums.txt is\n%snot\n%s", got, want.String())
	}
}

// checkArchive checks the archive of a platform, and returns its binary, unpacked.
func checkArchive(t *testing.T, out, name string, platform source.Platform, commit string) source.Binary {
	t.Helper()
	program := "pullpass"
	content := read(t, out, name)
	var files map[string][]byte
	if platform.OS == "windows" {
		program += ".exe"
		files = unzip(t, content)
	} else {
		files = untar(t, content)
	}
	directory := strings.TrimSuffix(strings.TrimSuffix(name, ".tar.gz"), ".zip") + "/"
	for _, file := range []string{"README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "cache/README.md", "cmd/pullpass/README.md", "examples/README.md", "provider/README.md", "node-config/credential-provider-config.yaml", "node-config/README.md"} {
		if !bytes.Equal(files[directory+file], read(t, "../..", file)) {
			t.Errorf("%s is not the repository's", file)
		}
	}
	for file := range files {
		if !strings.HasPrefix(file, directory) || filepath.Ext(file) == ".go" {
			t.Errorf("%s is in the archive", file)
		}
	}
	path := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(path, files[directory+program], 0o755); err != nil {
		t.Fatal(err)
	}
	binary, err := source.ReadBinary(path)
	if err != nil {
		t.Fatal(err)
	}
	if binary.Version != version || binary.Revision != commit || binary.Platform != platform {
		t.Errorf("the binary is %+v", binary)
	}
	for _, module := range binary.Modules {
		if !bytes.Contains(files[directory+"THIRD-PARTY-LICENSES"], []byte("\n"+module.Path+" "+module.Version+": LICENSE")) {
			t.Errorf("no licence of %s", module.Path)
		}
	}
	if platform.OS == runtime.GOOS && platform.Arch == runtime.GOARCH {
		checkVersion(t, path, fmt.Sprintf("pullpass %s commit %s %s %s\n", version, commit, binary.Go, platform))
	}
	checkNamed(t, out, directory, files, path)
	return binary
}

// checkNamed checks that what an archive has of node-config names the released image by its digest, and that the binary
// at path has the same files in it.
func checkNamed(t *testing.T, out, directory string, files map[string][]byte, path string) {
	t.Helper()
	index := indexDigest(t, read(t, out, "pullpass-"+version+"-image.tar"))
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	images := regexp.MustCompile(`(?m)(?:image: |FROM |--from=)(\S*/pullpass/pullpass\S*)`)
	named := 0
	for name, content := range files {
		file, found := strings.CutPrefix(name, directory+"node-config/")
		if !found || filepath.Ext(file) == ".md" || len(content) == 0 {
			continue
		}
		if bytes.Contains(content, []byte("registry.example.com/pullpass/pullpass")) || bytes.Contains(content, []byte("newTag")) {
			t.Errorf("%s has the placeholder of an image, or its tag", file)
		}
		for _, match := range images.FindAllSubmatch(content, -1) {
			named++
			if want := "ghcr.io/pullpass/pullpass:" + strings.TrimPrefix(version, "v") + "@" + index; string(match[1]) != want {
				t.Errorf("%s names the image %s, not %s", file, match[1], want)
			}
		}
		if (strings.HasPrefix(file, "daemonset/") || strings.HasPrefix(file, "rotation/")) && !bytes.Contains(program, content) {
			t.Errorf("the binary prints another %s than the archive has", file)
		}
	}
	for _, overlay := range []string{"base", "canary", "dry-run", "registries", "uninstall"} {
		for _, image := range imagesOf(t, files, directory+"node-config/daemonset/"+overlay) {
			if !strings.HasPrefix(image, "ghcr.io/pullpass/pullpass") || !strings.HasSuffix(image, "@"+index) {
				t.Errorf("the overlay %s has the image %s", overlay, image)
			}
		}
	}
	if named < 8 { // twice in the DaemonSet, for Talos and OpenShift, and in each rotation
		t.Errorf("the image is named %d times", named)
	}
}

// imagesOf returns the images of what kubectl kustomize makes of a directory of an archive.
func imagesOf(t *testing.T, files map[string][]byte, directory string) []string {
	t.Helper()
	unpacked := filesys.MakeFsInMemory()
	for name, content := range files {
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := unpacked.WriteFile("/"+name, content); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(unpacked, "/"+directory)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, match := range regexp.MustCompile(`(?m)^ +image: (\S+)$`).FindAllSubmatch(text, -1) {
		images = append(images, string(match[1]))
	}
	if len(images) != 2 {
		t.Errorf("%s has the images %q", directory, images)
	}
	return images
}

// indexDigest returns the digest of the image in an archive of an OCI layout.
func indexDigest(t *testing.T, content []byte) string {
	t.Helper()
	for archive := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if err != nil {
			t.Fatal(err)
		}
		if header.Name != "index.json" {
			continue
		}
		var layout struct{ Manifests []struct{ Digest string } }
		if err := json.NewDecoder(archive).Decode(&layout); err != nil || len(layout.Manifests) != 1 {
			t.Fatalf("%+v, %v", layout, err)
		}
		return layout.Manifests[0].Digest
	}
}

// checkVersion checks what a binary says of itself.
func checkVersion(t *testing.T, path, want string) {
	t.Helper()
	output, err := exec.Command(path, "version").CombinedOutput()
	if err != nil || string(output) != want {
		t.Errorf("pullpass version: %q, %v, not %q", output, err, want)
	}
}

// untar returns the files of a tar.gz, all of which belong to root and have the modes of an
// installation.
func untar(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	uncompressed, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(uncompressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		checkMode(t, header.Name, header.FileInfo().Mode())
		if header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", header.Name, header.Uid, header.Gid)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func unzip(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range archive.File {
		checkMode(t, entry.Name, entry.Mode())
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[entry.Name], err = io.ReadAll(file); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	return files
}

func checkMode(t *testing.T, name string, mode fs.FileMode) {
	t.Helper()
	want := fs.FileMode(0o644)
	switch base := filepath.Base(name); {
	case strings.HasSuffix(name, "/"):
		want = fs.ModeDir | 0o755
	case (base == "pullpass" || base == "pullpass.exe") && filepath.Base(filepath.Dir(name)) != "completions":
		want = 0o755
	}
	if mode != want {
		t.Errorf("%s has mode %s", name, mode)
	}
}

// checkSBOM checks that a list names all that is in a binary, and guesses at no licences.
func checkSBOM(t *testing.T, content []byte, binary source.Binary) {
	t.Helper()
	type component struct {
		Name, Version string
		Evidence      struct{ Licenses []any }
	}
	var sbom struct {
		BOMFormat, SerialNumber string
		Metadata                struct {
			Timestamp string
			Component component
		}
		Components []component
	}
	if err := json.Unmarshal(content, &sbom); err != nil {
		t.Fatal(err)
	}
	if sbom.BOMFormat != "CycloneDX" || sbom.SerialNumber != "" || sbom.Metadata.Timestamp != "" {
		t.Errorf("format %q, serial number %q, time %q", sbom.BOMFormat, sbom.SerialNumber, sbom.Metadata.Timestamp)
	}
	if main := sbom.Metadata.Component; main.Name != "github.com/pullpass/pullpass" || main.Version != version {
		t.Errorf("the list is of %s %s", main.Name, main.Version)
	}
	listed := map[source.Module]component{}
	for _, c := range sbom.Components {
		listed[source.Module{Path: c.Name, Version: c.Version}] = c
	}
	if _, found := listed[source.Module{Path: "std", Version: binary.Go}]; !found {
		t.Errorf("the library of %s is not listed", binary.Go)
	}
	for _, module := range binary.Modules {
		if c, found := listed[module]; !found || len(c.Evidence.Licenses) > 0 {
			t.Errorf("%s %s is not listed, or with a licence: %+v", module.Path, module.Version, c)
		}
	}
	if len(listed) != len(binary.Modules)+1 {
		t.Errorf("%d are listed, and %d are in the binary", len(listed), len(binary.Modules)+1)
	}
}

// testImage makes the image in two repositories of one commit, and pushes the first.
func testImage(t *testing.T, first, second string) {
	server, err := registry.Start(func(user, password string) bool { return user == "acme" && password == "secret" })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AllowPush("acme")
	dockerConfig := t.TempDir()
	login := fmt.Sprintf(`{"auths": {%q: {"username": "acme", "password": "secret"}}}`, server.Address)
	if err := os.WriteFile(filepath.Join(dockerConfig, "config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	push := fmt.Sprintf("PUSH=%[1]s/acme/pullpass:1.2.3 %[1]s/acme/pullpass:1", server.Address)
	makeTarget(t, first, "022", []string{"GOFLAGS=-buildvcs=false", "DOCKER_CONFIG=" + dockerConfig}, "image", push)
	makeTarget(t, second, "077", []string{"TZ=Asia/Tokyo"}, "image")
	digests := string(read(t, first, "bin/image/digests"))
	if again := string(read(t, second, "bin/image/digests")); digests != again {
		t.Errorf("the same commit gives\n%sand then\n%s", digests, again)
	}
	index, _, _ := strings.Cut(strings.TrimPrefix(digests, "index "), "\n")
	if released := indexDigest(t, read(t, first, "bin/release/pullpass-"+version+"-image.tar")); index != released {
		t.Errorf("the image is %s, the released one, which the manifests name, %s", index, released)
	}
	for _, tag := range []string{"1.2.3", "1"} {
		pulled, err := server.Pull(t.Context(), "registry.example.com/acme/pullpass:"+tag, "acme", "secret")
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(digests, "linux/amd64 "+pulled+"\n") { // the default of the client
			t.Errorf("pulled %s, which is not that of\n%s", pulled, digests)
		}
	}
	if _, err := server.Pull(t.Context(), "registry.example.com/acme/pullpass@"+index, "acme", "secret"); err != nil {
		t.Error(err)
	}
	// What is released is the same image, by the name that it has without a push.
	if !bytes.Equal(read(t, second, "bin/image/pullpass.tar"), read(t, first, "bin/release/pullpass-"+version+"-image.tar")) {
		t.Error("the released image is another one")
	}
}

// testChanged checks what is said of a work tree that is not as committed.
func testChanged(t *testing.T, repository, commit string) {
	if err := os.WriteFile(filepath.Join(repository, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pullpass")
	binary, err := source.Build(t.Context(), repository, path, source.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	if output := makeTarget(t, repository, "022", nil, "image", "PLATFORMS=linux/amd64"); !strings.Contains(output, "\nwarning: "+version+"+dirty: ") {
		t.Errorf("make image does not warn:\n%s", output)
	}
	if binary.Version != version+"+dirty" {
		t.Errorf("version %s", binary.Version)
	}
	checkVersion(t, path, fmt.Sprintf("pullpass %s+dirty commit %s with changes %s %s\n", version, commit, binary.Go, binary.Platform))
}
