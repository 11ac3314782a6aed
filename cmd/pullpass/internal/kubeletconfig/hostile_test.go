package kubeletconfig

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/backends"
)

// twice are configs in which the nodes and the values, or the text and the places, can disagree.
func twice() []string {
	const one, flow = head + "- name: a\n" + rest, head + "- {name: a, matchImages: [a.io]}\n"
	return []string{
		one + "providers: []\n", one + "providers:\n", one + "providers: {}\n", one + "providers: x\n", one + "providers:\n- name: b\n" + rest,
		flow + "providers: [{name: b}, {name: pullpass}]\n", one + "\"providers\": [b]\n", one + "? providers\n: [b]\n", one + "!!str providers: []\n",
		"providers: []\n" + one, "providers: [x, y]\n" + one, "providers: &a [x]\nproviders: *a\n", "x: &a {providers: [{name: a}]}\n<<: *a\nproviders: []\n",
		"<<: {providers: [{name: a}]}\nproviders:\n", "<<: [{providers: [{name: a}]}, {providers: []}]\n", "{providers: [{name: a}], providers: []}\n",
		`{"providers": [{"name": "a"}], "providers": []}`, `{"providers": [], "providers": [{"name": "a"}, {"name": "pullpass"}]}`, `{"providers": null, "providers": [1]}`,
		"providers: [{name: a}", "providers: [{name: a},", "providers: [{name: a}]", "providers: [a: b]", "providers: [a: b, name: pullpass]", "providers: [? name : a]",
		"providers: [{name: a}, # x", "providers: [{name: a} # x\n]", "providers: [{name: \"a", "providers: [{name: 'a\\", "providers: [\"\\", "providers: - a",
		"\ufeffproviders: [{name: a}]", "\ufeff\ufeffproviders:\n- name: a\n", "providers:\r- name: a\r", "providers:\u2028- name: a\u2028", "providers:\u0085- {name: é}\u0085",
		"\tproviders: []", "providers:\t[{name: a}]\t", "providers:\n-\tname: a\n", "providers:\n- &a\n  name: a\n- *a\n", "providers:\n- !x\n  name: a\n", "? providers\n: - name: a\n",
		"providers: |\n", "providers: >-\n  a", "providers:\n- |\n- >\n", "--- {providers: [{name: a}]}\n--- x\n", "%YAML 1.1\n---\nproviders: []\n...\n%", "---\n---\nproviders:\n- name: a\n",
	}
}

// TestTwice: for each of them there is an answer, whatever is asked, and what is changed is right.
func TestTwice(t *testing.T) {
	for _, text := range twice() {
		anything(t, []byte(text))
	}
}

// anything asks everything of a config. If it is changed, the entry is in it or out of it, and the others are as
// they were.
func anything(t *testing.T, data []byte) {
	t.Helper()
	Check([]File{{"config", data}}, nil, backends.All())
	Redact("config", data, nothing)
	before, err := Providers("config", data)
	merged, mergeErr := Merge("config", data, entry())
	if mergeErr == nil && len(bytes.TrimSpace(data)) > 0 {
		Redact("config", merged, nothing)
		after, afterErr := Providers("config", merged)
		if err != nil || afterErr != nil {
			t.Fatalf("%q becomes %q: %v, %v", data, merged, err, afterErr)
		}
		own := 0
		for _, p := range after {
			if p.Name == EntryName {
				own++
			}
		}
		if own != 1 || othersOf(after) != othersOf(before) {
			t.Fatalf("%q becomes %q", data, merged)
		}
	}
	for _, name := range []string{EntryName, "a", ""} {
		removed, err := Remove("config", data, name)
		if err != nil {
			continue
		}
		after, err := Providers("config", removed)
		for _, p := range after {
			if p.Name == name {
				t.Fatalf("%q becomes %q, %v", data, removed, err)
			}
		}
	}
}

// othersOf returns what the providers but for pullpass say.
func othersOf(providers []Provider) string {
	var text strings.Builder
	for _, p := range providers {
		if p.Name != EntryName {
			text.WriteString(p.Text + "\n")
		}
	}
	return text.String()
}

// TestHostile: a file of 1 MiB takes seconds and bounded memory, however it is made. Each of these took minutes,
// hours or gigabytes, or is of that kind.
func TestHostile(t *testing.T) {
	for name, text := range hostile(1 << 20) {
		within(t, name, func() {
			Check([]File{{"config", []byte(text)}}, nil, backends.All())
			Redact("config", []byte(text), nothing)
		})
	}
	for name, text := range hostile(1 << 16) {
		within(t, name+", all", func() { anything(t, []byte(text)) })
	}
}

// within runs f, which is to end soon and to allocate little.
func within(t *testing.T, name string, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	f()
	runtime.ReadMemStats(&after)
	took, allocated := time.Since(started), (after.TotalAlloc-before.TotalAlloc)>>20
	t.Logf("%s: %v, %d MiB in all", name, took.Round(time.Millisecond), allocated)
	if took > time.Minute || allocated > 4<<10 {
		t.Errorf("%s took %v, and allocated %d MiB in all", name, took, allocated)
	}
}

// hostile returns texts of about a size.
func hostile(size int) map[string]string {
	repeat := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	numbered := func(format string) string {
		var text strings.Builder
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, format, i)
		}
		return text.String()
	}
	chain := "x0: &a0 {k0: 1}\n"
	for i := 1; len(chain) < size/4; i++ {
		chain += fmt.Sprintf("x%d: &a%d {<<: *a%d, k%d: [[[[*a%d]]]]}\n", i, i, i-1, i, i-1)
	}
	laugh := "a0: &a0 [x]\n"
	for i := range 40 {
		laugh += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 10))
	}
	return map[string]string{
		"one line of keys":     repeat("a: "),
		"keys":                 numbered("a%d:\n"),
		"unknown fields":       head + "- name: a\n" + rest + "  env: [{" + numbered("a%d: b,") + "}]\n",
		"providers":            head + numbered("- name: a%d\n"+rest),
		"providers in JSON":    `{"providers": [` + numbered(`{"name": "a%d", "matchImages": ["a.io"]},`) + `{}]}`,
		"patterns":             head + "- name: a\n  matchImages:\n" + repeat("  - b.io\n") + "- name: b\n  matchImages:\n" + repeat("  - c.io\n"),
		"wildcards":            head + "- name: a\n  matchImages: [b." + repeat("*") + "]\n- name: b\n  matchImages: [b." + repeat("*") + "]\n",
		"annotations":          head + "- name: a\n  tokenAttributes: {requiredServiceAccountAnnotationKeys: [" + numbered("a%d,") + "]}\n",
		"values on one line":   head + "- name: a\n" + rest + "  args: [" + repeat(`"é",`) + "]\n",
		"tags on one line":     head + "- name: a\n" + rest + "  args: [" + repeat(`!x "é",`) + "]\n",
		"comments":             head + "- name: a\n" + rest + "  args:\n" + numbered("  - b # c%d\n"),
		"documents":            "a: 1\nb: [\n" + repeat("---\n"),
		"documents after much": repeat("a: 1\n") + "b: [\n" + strings.Repeat("---\n", 10000),
		"directives":           "a: [\n" + repeat("%\n"),
		"brackets":             repeat("["),
		"brackets in JSON":     `{"a":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + "}",
		"dashes":               repeat("- "),
		"aliases":              laugh,
		"chain of merges":      chain,
		"not closed":           "[" + repeat("a,\n"),
	}
}
