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
	folder := t.TempDir()
	for i, size := range []int{0, 1, 3 * os.Getpagesize()} {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var count evicted
	if err := count.evictAll(filepath.Join(folder, "2"), folder); err != nil {
		t.Fatal(err)
	}
	// How many are left depends on the file system: a tmpfs keeps all.
	if count.pages != 7 || count.left > count.pages {
		t.Errorf("got %+v", count)
	}
}

func TestEmpty(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := empty(folder); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
