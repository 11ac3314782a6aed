package kubeletconfig

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pullpass/pullpass/cmd/internal/backends"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
)

// FuzzMerge merges the entry into any file that Check finds no fault in, and takes it out again. What
// is changed has no fault, the other providers are as before, and a file that had no such entry is
// the same again, byte for byte. Where the form is not understood there is an error, and it is a rare
// one: none of the seeds has it.
func FuzzMerge(f *testing.F) {
	paths, err := filepath.Glob("testdata/forms/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Add([]byte(head + "- name: a\n" + rest + "- name: b\n" + rest))
	for _, text := range twice() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		anything(t, data)
		if len(faultsOf(data)) > 0 {
			return
		}
		checkMerge(t, data)
	})
}

// checkMerge merges the entry into data, which has no faults, and takes it out again. It may be that
// the form is not understood.
func checkMerge(t *testing.T, data []byte) {
	t.Helper()
	providers, err := Providers("config", data)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := Merge("config", data, entry())
	if err != nil {
		return
	}
	checkOthers(t, "merged", merged, providers)
	again, err := Merge("config", merged, entry())
	if err != nil || !bytes.Equal(again, merged) {
		t.Errorf("merged again: %v\n%q\nbecomes\n%q", err, merged, again)
	}
	own := slices.ContainsFunc(providers, func(p Provider) bool { return p.Name == EntryName })
	if !own || len(providers) > 1 {
		removed, err := Remove("config", merged, EntryName)
		if err != nil || !own && !bytes.Equal(removed, data) {
			t.Errorf("removed: %v\n%q\nbecomes\n%q\nand\n%q", err, data, merged, removed)
		}
		checkOthers(t, "removed", removed, providers)
	}
	for _, drop := range providers {
		dropped, err := Remove("config", merged, drop.Name)
		if err == nil {
			others := slices.DeleteFunc(slices.Clone(providers), func(p Provider) bool { return p.Name == drop.Name })
			checkOthers(t, "dropped", dropped, others)
		}
	}
}

// checkOthers compares the providers of data but for pullpass with those that were there.
func checkOthers(t *testing.T, what string, data []byte, before []Provider) {
	t.Helper()
	after, err := Providers("config", data)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	isOwn := func(p Provider) bool { return p.Name == EntryName }
	got, want := slices.DeleteFunc(after, isOwn), slices.DeleteFunc(slices.Clone(before), isOwn)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: the others are\n%v\nwere\n%v", what, got, want)
	}
	if faults := faultsOf(data); len(faults) > 0 {
		t.Errorf("%s: %v\n%s", what, faults, data)
	}
}

// FuzzCheck: no file is too strange to be checked or redacted.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(head + "- name: a\n" + rest + "  env:\n  - name: A\n    value: x\n"))
	f.Add([]byte(head + "- name: a\n" + rest + "  env: [{name: A, value: \"x\"}, {name: B, value: &b 'x'}, {name: C, value: *b}]\n"))
	f.Add([]byte("---"))
	f.Add([]byte(`{"providers":[{"env":[{"value":"x","name":"A"}]}]}`))
	served := backends.All()
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, fault := range Check([]File{{"config", data}}, nil, served) {
			if fault.Text == "" || fault.File != "config" || fault.Line < 0 || fault.Line > strictyaml.NewSource(data).Lines()+1 {
				t.Errorf("%+v", fault)
			}
		}
		Redact("config", data, nothing)
	})
}
