package platform

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/cmd/pullpass/internal/kubelet"
)

const (
	config = "/etc/pullpass/credential-provider-config.yaml"
	binDir = "/usr/local/lib/pullpass"
	both   = "--image-credential-provider-config=" + config + " --image-credential-provider-bin-dir=" + binDir
)

func extra(inherited string) FlagsFile {
	return FlagsFile{Path: "/etc/default/kubelet", Variable: "A", Inherited: inherited}
}

// TestMergeFlags: the flags are put in, all other bytes stay, a second time changes nothing, and
// RemoveFlags gives back what there was.
func TestMergeFlags(t *testing.T) {
	for _, c := range []struct{ name, inherited, data, want string }{
		{"no file", "", "", ownComment + "\nA=\"" + both + "\"\n"},
		{"no file, a variable of the unit's", `--x="1 2" \ `, "", ownComment + "\nA=\"--x=\\\"1 2\\\" \\\\  " + both + "\"\n"},
		{"other variables", "", "# 1\nB=2\n", "# 1\nB=2\n" + ownComment + "\nA=\"" + both + "\"\n"},
		{"other variables, no line break at the end", "", "B=2", "B=2\n" + ownComment + "\nA=\"" + both + "\""},
		{"commented out", "", "#A=--x\n", "#A=--x\n" + ownComment + "\nA=\"" + both + "\"\n"},
		{"exported, which systemd ignores", "", "export A=--x\n", "export A=--x\n" + ownComment + "\nA=\"" + both + "\"\n"},
		{"empty", "", "A=\n", "A=" + both + "\n"},
		{"empty, no line break at the end", "", "A=", "A=" + both},
		{"empty in double quotes", "", "A=\"\"\nB=1\n", "A=\"" + both + "\"\nB=1\n"},
		{"empty in single quotes", "", "A=''", "A='" + both + "'"},
		{"white space", "", "A=  \t\n", "A=" + both + "  \t\n"},
		{"white space in quotes", "", "A=\"  \"\n", "A=\"   " + both + "\"\n"},
		{"no quotes", "", "A=--x --y=1  \nB=2", "A=--x --y=1 " + both + "  \nB=2"},
		{"double quotes", "", " A = \"--x\" \n", " A = \"--x " + both + "\" \n"},
		{"single quotes", "", "A='--x=\"1 2\"'\n", "A='--x=\"1 2\" " + both + "'\n"},
		{"both quotes", "", "A=\"--x \"'--y'\n", "A=\"--x \"'--y " + both + "'\n"},
		{"quotes, then none", "", "A=\"--x \"--y\n", "A=\"--x \"--y " + both + "\n"},
		{"escapes", "", "A=\"--x=\\\"1 2\\\" --y=\\$1\"\n", "A=\"--x=\\\"1 2\\\" --y=\\$1 " + both + "\"\n"},
		{"continued", "", "A=--x \\\n  --y\nB=1\n", "A=--x \\\n  --y " + both + "\nB=1\n"},
		{"continued in quotes", "", "A=\"--x \\\n  --y \\\n\"\n", "A=\"--x \\\n  --y  " + both + "\\\n\"\n"},
		{"continued by an empty line", "", "A=--x \\\n\nB=1\n", "A=--x  " + both + "\\\n\nB=1\n"},
		{"a value of two lines", "", "A=\"--x\n--y\"\n", "A=\"--x\n--y " + both + "\"\n"},
		{"CRLF", "", "A=--x\r\nB=1\r\n", "A=--x " + both + "\r\nB=1\r\n"},
		{"the last one counts", "", "A=--x\nA=--y\nB=1\n", "A=--x\nA=--y " + both + "\nB=1\n"},
		{"a quote that is not closed at the end", "", "A=\"--x", "A=\"--x " + both},
		{"after a comment that goes on", "", "# \\", "# \\\n" + ownComment + "\nA=\"" + both + "\""},
		{"in the file in spite of the unit", "--z", "A=--x\n", "A=--x " + both + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var data []byte
			if c.data != "" {
				data = []byte(c.data)
			}
			merged, err := MergeFlags(extra(c.inherited), data, config, binDir)
			if err != nil || string(merged) != c.want {
				t.Fatalf("%q, %v, want %q", merged, err, c.want)
			}
			again, err := MergeFlags(extra(c.inherited), merged, config, binDir)
			if err != nil || string(again) != c.want {
				t.Errorf("a second time: %q, %v", again, err)
			}
			removed, err := RemoveFlags(extra(c.inherited), merged)
			if err != nil || string(removed) != c.data {
				t.Errorf("removed: %q, %v, want %q", removed, err, c.data)
			}
			if same, err := RemoveFlags(extra(c.inherited), data); err != nil || string(same) != c.data {
				t.Errorf("removed where they are not: %q, %v, want %q", same, err, c.data)
			}
		})
	}
}

// TestMergeFlagsReplaces: flags with other paths get the new ones, where they stand.
func TestMergeFlagsReplaces(t *testing.T) {
	const c, b = "--image-credential-provider-config", "--image-credential-provider-bin-dir"
	for _, x := range []struct{ data, merged, removed string }{
		{"A=\"" + c + "=/old --x " + b + "=/old\"\n", "A=\"" + c + "=" + config + " --x " + b + "=" + binDir + "\"\n", "A=\"--x\"\n"},
		{"A=\"" + c + " /old " + b + " '/o l d' --x\"\n", "A=\"" + c + "=" + config + " " + b + "=" + binDir + " --x\"\n", "A=\"--x\"\n"},
		{"A=--x " + c + " \\\n  /old\n", "A=--x " + c + "=" + config + " " + b + "=" + binDir + "\n", "A=--x\n"},
		{"A=--x " + b + "=" + binDir + " --y\n", "A=--x " + b + "=" + binDir + " --y " + c + "=" + config + "\n", "A=--x --y\n"},
		{"A=--x " + c + "=/1 " + c + "=/2\n", "A=--x " + c + "=" + config + " " + c + "=" + config + " " + b + "=" + binDir + "\n", "A=--x\n"},
		{"A=--image_credential_provider_config=/old\n", "A=" + c + "=" + config + " " + b + "=" + binDir + "\n", "A=\n"},
		{"A='" + c + "=\"/o l d\"'\n", "A='" + c + "=" + config + " " + b + "=" + binDir + "'\n", "A=''\n"},
	} {
		merged, err := MergeFlags(extra(""), []byte(x.data), config, binDir)
		if err != nil || string(merged) != x.merged {
			t.Errorf("%q: %q, %v, want %q", x.data, merged, err, x.merged)
		}
		for _, data := range []string{x.data, x.merged} {
			removed, err := RemoveFlags(extra(""), []byte(data))
			if err != nil || string(removed) != x.removed {
				t.Errorf("removed from %q: %q, %v, want %q", data, removed, err, x.removed)
			}
		}
	}
}

// TestOwnVariableOfOthers: what others add to pullpass's variable stays, and pullpass's comment
// does not make a variable with other flags pullpass's.
func TestOwnVariableOfOthers(t *testing.T) {
	data := ownComment + "\nA=\"" + both + " --x\"\n"
	removed, err := RemoveFlags(extra(""), []byte(data))
	if want := ownComment + "\nA=\"--x\"\n"; err != nil || string(removed) != want {
		t.Errorf("%q, %v, want %q", removed, err, want)
	}
	data = "B=1\n" + ownComment + "\nA=\"" + both + "\"\nC=2\n"
	removed, err = RemoveFlags(extra(""), []byte(data))
	if want := "B=1\nC=2\n"; err != nil || string(removed) != want {
		t.Errorf("%q, %v, want %q", removed, err, want)
	}
}

// TestUnclearFlags: what cannot be changed safely is not changed, and no value is shown.
func TestUnclearFlags(t *testing.T) {
	for _, data := range []string{
		"A=--secret \"x\n",     // the value's quote is not closed
		"A='--secret \\' \n",   // the value ends in a backslash
		"B=\"--secret\n",       // no line can be added
		"B=--secret\\",         // nor here
		"# 1 \\\nA=--secret\n", // no assignment before systemd 254
		"A=--secret --image-credential-provider-config\n", // no value
		"A=\"--image-credential-provider-config=/secret\"'x' \"\"\"\n",
		"A=--secret\xff\n",
		"A=--secret\x00\n",
		"A=--secret\x01\n", // systemd ignores the variable
	} {
		merged, err := MergeFlags(extra(""), []byte(data), config, binDir)
		if err == nil {
			t.Errorf("%q: %q", data, merged)
			continue
		}
		if !strings.HasPrefix(err.Error(), "set the kubelet's flags in /etc/default/kubelet: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestMergeFlagsPaths(t *testing.T) {
	for _, path := range []string{"", "etc/x", "/etc/a b", "/etc/\"x", "/etc/'x", `/etc/\x`, "/etc/$x", "/etc/`x", "/etc/x\n", "/etc/\xff", "/etc/\u00a0"} {
		if merged, err := MergeFlags(extra(""), nil, path, binDir); err == nil {
			t.Errorf("config %q: %q", path, merged)
		}
		if merged, err := MergeFlags(extra(""), nil, config, path); err == nil {
			t.Errorf("bin dir %q: %q", path, merged)
		}
	}
}

// FuzzMergeFlags: whatever is in the file, merging either fails or gives the kubelet both flags,
// is complete the first time, changes nothing else, and is undone byte for byte.
func FuzzMergeFlags(f *testing.F) {
	f.Add("", "")
	f.Add("A=\"--x=\\\"1 2\\\" \\\n --y\"\nB='2'\n#\\\n", "")
	f.Add("A='--image-credential-provider-config /old' # x\nA=\"\"", "--z=\"$1\"")
	f.Add("B=\"1\nA=2\n\" ; A=\n\\\nA= \\ \n", "\\")
	f.Fuzz(func(t *testing.T, text, inherited string) {
		file, data := extra(inherited), []byte(text)
		merged, err := MergeFlags(file, data, config, binDir)
		if err != nil {
			return
		}
		before, others := file.read(data, false)
		after, othersAfter := file.read(merged, false)
		c, _ := kubelet.Flag(after, ConfigFlag)
		b, _ := kubelet.Flag(after, BinDirFlag)
		if c != config || b != binDir || !slices.Equal(foreign(before), foreign(after)) || !slices.Equal(others, othersAfter) {
			t.Fatalf("%q, %q became %q", text, inherited, merged)
		}
		if again, err := MergeFlags(file, merged, config, binDir); err != nil || string(again) != string(merged) {
			t.Errorf("%q: a second time %q, %v", merged, again, err)
		}
		removed, err := RemoveFlags(file, merged)
		if err != nil {
			t.Fatalf("%q: %v", merged, err)
		}
		if _, has := kubelet.Flag(before, ConfigFlag); has {
			return
		}
		if _, has := kubelet.Flag(before, BinDirFlag); has {
			return
		}
		if !slices.Equal(foreign(before), before) {
			return // it had one without a value
		}
		if string(removed) != text {
			t.Errorf("%q became %q, and then %q", text, merged, removed)
		}
	})
}

// TestRenew: what was inherited goes, what somebody has written stays.
func TestRenew(t *testing.T) {
	own, err := MergeFlags(extra("--v=1"), []byte("B=2\n"), config, binDir)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{
		string(own):      "B=2\n",
		"B=2\nA=--v=1\n": "B=2\nA=--v=1\n",
		"B=2\n":          "B=2\n",
		strings.Replace(string(own), "--v=1", "--v=1 --mine", 1): strings.Replace(string(own), "--v=1", "--v=1 --mine", 1),
	} {
		if got, err := extra("--v=1").Renew([]byte(data), "--v=2"); err != nil || string(got) != want {
			t.Errorf("%q became %q, %v; want %q", data, got, err, want)
		}
		if got, err := extra("--v=1").Renew([]byte(data), "--v=1"); err != nil || string(got) != data {
			t.Errorf("%q became %q, %v", data, got, err)
		}
	}
}

// TestRedact: only what is about the kubelet's arguments is shown.
func TestRedact(t *testing.T) {
	f := FlagsFile{Path: "/etc/default/kubelet", Variable: "KUBELET_EXTRA_ARGS"}
	before := "# PASSWORD=hunter2\n\nKEY=\"one\nhunter2\n\"\nA=hunter2 \\\n hunter2\nKUBELET_EXTRA_ARGS=\"--a \\\n  --b\"\n# Added by pullpass install.\nB='hunter2\n"
	want := "REDACTED\n\nREDACTED\nREDACTED\nREDACTED\nREDACTED\nREDACTED\nKUBELET_EXTRA_ARGS=\"--a \\\n  --b\"\n# Added by pullpass install.\nREDACTED\n"
	if got := string(f.Redact([]byte(before))); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
