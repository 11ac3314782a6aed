package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/integration/fakes/awsfake"
)

// TestAnswers: what is not a good credential must not count as an answer.
func TestAnswers(t *testing.T) {
	aws, err := awsfake.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { aws.Close() })
	s := &stage{aws: aws}
	const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	for _, out := range []string{
		"", "{}", "hello, world\n",
		`{"kind": "CredentialProviderResponse"}`,
		`{"kind": "CredentialProviderResponse", "auth": {"` + host + `": {"username": "AWS", "password": "made up"}}}`,
	} {
		if s.checkPlugin(image{host: host}, []byte(out)) == nil {
			t.Errorf("a plugin's answer %q is taken for good", out)
		}
		if s.checkHelper([]byte(out)) == nil {
			t.Errorf("a helper's answer %q is taken for good", out)
		}
	}
	if checkNothing(0, []byte("x")) == nil || checkNothing(0, nil) != nil {
		t.Error("a failure is not one without an answer")
	}
}

func TestImages(t *testing.T) {
	s := &stage{fast: t.TempDir()}
	if err := s.writeImages(); err != nil {
		t.Fatal(err)
	}
	hosts, requests := map[string]bool{}, map[string]bool{}
	for _, im := range s.images {
		request, err := os.ReadFile(im.request)
		if err != nil {
			t.Fatal(err)
		}
		hosts[im.host], requests[string(request)] = true, true
	}
	if len(hosts) != accounts || len(requests) != burstSize {
		t.Errorf("%d hosts in %d requests", len(hosts), len(requests))
	}
}

func TestEvict(t *testing.T) {
	directory := t.TempDir()
	for i, size := range []int{0, 1, 3 * os.Getpagesize()} {
		if err := os.WriteFile(filepath.Join(directory, fmt.Sprint(i)), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var count evicted
	if err := count.evictAll(filepath.Join(directory, "2"), directory); err != nil {
		t.Fatal(err)
	}
	// How many are left depends on the file system: a tmpfs keeps all.
	if count.pages != 7 || count.left > count.pages {
		t.Errorf("got %+v", count)
	}
}

// TestCopies: all programs are copied, also two of one file.
func TestCopies(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write := func(name string) program {
		path := filepath.Join(from, name)
		if err := os.WriteFile(path, []byte("#!"+name), 0o600); err != nil {
			t.Fatal(err)
		}
		return program{name: name, path: path}
	}
	p := programs{hello: write("hello"), provider: write("a"), helper: write("b"), pullpass: []program{write("pullpass"), write("older")}}
	p.pullpass[1].path = p.pullpass[0].path // two names for one file
	before := p.all()
	if err := p.copyTo(to); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, one := range p.all() {
		want, _ := os.ReadFile(before[i].path)
		got, err := os.ReadFile(one.path)
		info, statErr := os.Stat(one.path)
		if err != nil || statErr != nil || string(got) != string(want) || info.Mode() != 0o755 || seen[one.path] || one.linked != before[i].path {
			t.Errorf("%s is at %s: %q, %v", one.name, one.path, got, err)
		}
		seen[one.path] = true
	}
	if c := asLinked(contender{name: "x", path: p.hello.path}, p.hello); c.path != before[0].path || c.name == "x" {
		t.Errorf("as linked: %+v", c)
	}
}

func TestEmpty(t *testing.T) {
	directory := t.TempDir()
	if err := os.MkdirAll(filepath.Join(directory, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := empty(directory); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
