package kubeletconfig

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/provider"
)

// TestNewBackend: a backend that is in the list and nowhere else is served.
func TestNewBackend(t *testing.T) {
	all := backends.All()
	toy := provider.Backend{
		Name: "toy", Title: "Toy Registry", TokenIssuer: "Toyland", TokenLife: 90 * time.Minute,
		Hosts: provider.Hosts{{Pattern: "{location}.toy.example.com"}, {Pattern: "{location}.{location}.toys.example.com"}},
	}
	list := append(slices.Clone(all), toy)

	before, err := Served(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Served(list, nil)
	if want := append(slices.Clone(before.MatchImages), "*.toy.example.com", "*.*.toys.example.com"); err != nil || !slices.Equal(after.MatchImages, want) {
		t.Errorf("%q is served, %v, want %q", after.MatchImages, err, want)
	}

	if entry, err := Select([]string{"a.toy.example.com"}, list, nil); err != nil || len(entry.MatchImages) != 1 {
		t.Errorf("%+v, %v", entry, err)
	}
	_, err = Select([]string{"ghcr.io"}, list, nil)
	if want := "it serves Amazon ECR, Google Artifact Registry, Docker Hub and Toy Registry; for others see pullpass secret"; provider.Hint(err) != want {
		t.Errorf("the hint is %q, want %q", provider.Hint(err), want)
	}
	_, err = Select([]string{"toys.example.com"}, list, nil)
	if want := "did you mean *.*.toys.example.com?"; provider.Hint(err) != want {
		t.Errorf("the hint is %q, want %q", provider.Hint(err), want)
	}

	check := func(backends provider.Backends) string {
		file := head + "- name: pullpass\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  defaultCacheDuration: 2h\n  matchImages: [a.toy.example.com]\n"
		return lines(Check([]File{{"config", []byte(file)}}, nil, backends))
	}
	if got := check(all); !strings.Contains(got, "pullpass serves no such registry") || strings.Contains(got, "Toyland") {
		t.Error(got)
	}
	if got := check(list); strings.Contains(got, "pullpass serves no such registry") || !strings.Contains(got, "a token of Toyland expires after 1.5h") {
		t.Error(got)
	}
}

// TestShippedPatternsAreComplete: the config in node-config leaves out no host of a backend, so that it
// is what an install writes.
func TestShippedPatternsAreComplete(t *testing.T) {
	shipped, err := shippedPatterns()
	if err != nil {
		t.Fatal(err)
	}
	if served, err := servedPatterns(backends.All()); err != nil || !slices.Equal(served, shipped) {
		t.Errorf("%v: node-config/%s has %q, served are %q", err, shippedName, shipped, served)
	}
}
