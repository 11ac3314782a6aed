//go:build unix

package subprocess

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for line, want := range map[string]string{
		"":                             "",
		"aws configure":                "aws! configure",
		"  /opt/x  -a\t/b ":            "/opt/x! -a /b",
		`"/opt/my tool" 'a b' c\ d`:    "/opt/my tool! a b c d",
		"AWS_PROFILE=x aws a=b":        "aws! a=b",
		"a; b && c | d || (e) & f\ng":  "a! b! c! d! e! f! g!",
		"cat </etc/x 2>/dev/null":      "cat! /etc/x 2 /dev/null",
		"$HOME/x y":                    "y",
		"~/x y":                        "y",
		"`cat x` $(y z) \"$A/b\" '$c'": "cat! x y! z $c",
		`a"b"'c'\"`:                    `abc"!`,
		"'unclosed":                    "unclosed!",
		`x '' ""`:                      "x!  ",
		"/bin/[ a":                     "a",
	} {
		var got []string
		for _, w := range words(line) {
			mark := ""
			if w.program {
				mark = "!"
			}
			got = append(got, w.text+mark)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%q: %q, want %q", line, text, want)
		}
	}
}

func TestCheckLine(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"good/tool", "open/tool", "open/other", "open/data"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o775); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "sticky"), 0o755), os.Mkdir(filepath.Join(dir, "open/directory"), 0o755),
		os.Symlink("nothing", filepath.Join(dir, "open/link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "sticky"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "good"))
	const fault = "mode 0775 of $/open lets group or others change where credentials go"
	for _, test := range []struct{ line, path, err string }{
		{line: "$/good/tool --x"},
		{line: "tool", path: "$/good:$/open"},
		{line: "exec tool", path: "$/good"},
		{line: "echo '{}' >/dev/null 2>$/new /", path: "/usr/bin:/bin"},
		{line: "nothing", path: "/usr/bin:/bin"},
		{line: "tool", err: "PATH has a directory that is not absolute: tool could be a file of the working directory"},
		{line: "$/nothing $/good /dev/null /C s/a/b/ $/sticky/new"},
		{line: "$/good/tool $/open", err: "$/open: mode 0775 lets group or others change where credentials go"},
		{line: "cat $/open/nothing", path: "/usr/bin:/bin", err: "$/open/nothing: " + fault},
		{line: "tool 2>$/open/link", path: "$/good", err: "$/open/link: " + fault},
		{line: "$/open/nothing", err: "$/open/nothing: " + fault},
		{line: "$/open/directory", err: "$/open/directory: " + fault},
		{line: "$/sticky/nothing", err: "$/sticky/nothing: others can make files in $/sticky"},
		{line: "$/open/tool", err: "$/open/tool: " + fault},
		{line: "tool", path: "$/open:$/good", err: "$/open/tool: " + fault},
		{line: "other", path: "$/good:$/open", err: "$/open/other: " + fault},
		{line: "tool && A=1 other", path: "$/good:$/open", err: "$/open/other: " + fault},
		{line: "tool other", path: "$/good:$/open", err: "$/open/other: " + fault},
		{line: "tool nothing $/nothing", path: "$/good:$/open"},
		{line: "cat", path: "$/nothing:$/good/tool:/usr/bin:/bin"},
		{line: "cat", path: "$/open:/usr/bin:/bin", err: "look for cat in PATH: $/open: mode 0775 lets group or others change where credentials go"},
		{line: "cat", path: "$/open/nothing:/usr/bin:/bin", err: "look for cat in PATH: $/open/nothing: mode 0775 of $/open lets group or others change where credentials go"},
		{line: "cat", path: "/usr/bin:/bin:$/open"},
		{line: "exec cat", path: "/usr/bin:/bin:$/open", err: "look for exec in PATH: $/open: mode 0775 lets group or others change where credentials go"},
		{line: "cat", path: "$/sticky:/usr/bin:/bin", err: "look for cat in PATH: $/sticky: others can make files in it"},
		{line: "cat $/open/data", path: "/usr/bin:/bin", err: "$/open/data: " + fault},
		{line: "cat <$/open/data", path: "/usr/bin:/bin", err: "$/open/data: " + fault},
		{line: "cat '$/open/data'", path: "/usr/bin:/bin", err: "$/open/data: " + fault},
		{line: "./tool", err: "the path of the program ./tool does not start with /"},
		{line: "tool", path: ".:/bin", err: "PATH has a directory that is not absolute: tool could be a file of the working directory"},
		{line: "tool", path: ":$/good", err: "PATH has a directory that is not absolute: tool could be a file of the working directory"},
	} {
		full := func(s string) string { return strings.ReplaceAll(s, "$", dir) }
		got := ""
		if err := CheckLine(full(test.line), full(test.path)); err != nil {
			got = err.Error()
		}
		if got != full(test.err) {
			t.Errorf("%q with PATH=%q: %q, want %q", test.line, test.path, got, full(test.err))
		}
	}
}

// TestOutputOfAnUntrustedProgram: the check is where programs are run, for all who run one.
func TestOutputOfAnUntrustedProgram(t *testing.T) {
	dir := t.TempDir()
	path, ran := filepath.Join(dir, "tool"), filepath.Join(dir, "ran")
	if err := os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\ntouch %s\n", ran), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{path, dir} {
		if err := os.Chmod(place, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := (Command{Path: path, Timeout: 1 << 40}).Output(t.Context()); err == nil || !strings.Contains(err.Error(), "mode 0777") {
			t.Errorf("the error is %v", err)
		}
		if err := os.Chmod(place, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("it was run")
	}
}
