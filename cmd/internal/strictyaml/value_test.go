package strictyaml

import (
	"fmt"
	"strings"
	"testing"
)

// in returns the value of field a of a file.
func in(t *testing.T, file string, format Format) Value {
	t.Helper()
	documents, err := Decode("f.yaml", []byte(file))
	if err != nil || len(documents) != 1 {
		t.Fatalf("%q: %d documents, %v", file, len(documents), err)
	}
	members, err := Of("f.yaml", documents[0].Content[0], format).Members()
	if err != nil || len(members) != 1 || members[0].Key.Value != "a" {
		t.Fatalf("%q: %v, %v", file, members, err)
	}
	return members[0].Value
}

// TestReaders reads values in both formats. What is wanted of an error is what follows the place of
// field a.
func TestReaders(t *testing.T) {
	text := func(v Value) (any, error) { return v.Text() }
	boolean := func(v Value) (any, error) { return v.Bool() }
	items := func(v Value) (any, error) {
		items, err := v.Items()
		return len(items), err
	}
	members := func(v Value) (any, error) {
		members, err := v.Members()
		return len(members), err
	}
	texts := func(v Value) (any, error) { return v.Texts() }
	for _, test := range []struct {
		value           string
		read            func(Value) (any, error)
		fields, objects string
	}{
		{"x", text, "x", "x"},
		{"!!str 5", text, "5", "5"},
		{"''", text, "", ""},
		{"", text, ": must be a string, is empty", ": must be a string, is empty"},
		{"5", text, ": must be a string, is a number; put it in quotes", ": must be a string, is a number"},
		{".5", text, ": must be a string, is a number; put it in quotes", ": must be a string, is a number"},
		{"true", text, ": must be a string, is a boolean; put it in quotes", ": must be a string, is true or false"},
		{"2026-01-01", text, ": must be a string, is a date; put it in quotes", ": must be a string, is a date"},
		{"<<", text, ": must be a string, is a merge key; put it in quotes", ": must be a string, is a merge key"},
		{"!env x", text, ": must be a string, is tagged; put it in quotes", ": must be a string, is tagged"},
		{"[x]", text, ": must be a string, is a list", ": must be a string, is a list"},
		{"{x: y}", text, ": must be a string, is a mapping", ": must be a string, is a mapping"},

		{"true", boolean, "true", "true"},
		{"False", boolean, "false", "false"},
		{"yes", boolean, ": must be true or false, is a string", ": must be true or false, is a string"},
		{"!!bool maybe", boolean, ": must be true or false", ": must be true or false"},
		{"", boolean, ": must be true or false, is empty", ": must be true or false, is empty"},

		{"[x, y]", items, "2", "2"},
		{"[]", items, "0", "0"},
		{"x", items, ": must be a list, is a string", ": must be a list, is a string"},
		{"", items, ": must be a list, is empty", ": must be a list, is empty"},

		{"{x: 1, y: 2}", members, "2", "2"},
		{"[x]", members, ": must be a mapping, is a list", ": must be a mapping, is a list"},
		{"!!set {x}", members, ": must be a mapping, is tagged", ": must be a mapping, is tagged"},

		{"{x: y, z: }", texts, "map[x:y z:]", "map[x:y z:]"},
		{"{x: y, z: [1]}", texts, ".z: must be a string, is a list", ".z: must be a string, is a list"},
		{"{x: y, x: z}", texts, ".x: given twice, first on line 1", ".x: given twice, first on line 1"},
	} {
		for format, want := range map[Format]string{Fields: test.fields, Objects: test.objects} {
			got, err := test.read(in(t, "a: "+test.value, format))
			text := fmt.Sprint(got)
			if err != nil {
				text = strings.TrimPrefix(err.Error(), "f.yaml:1: a")
			}
			if text != want {
				t.Errorf("%q in format %d is %s, want %s", test.value, format, text, want)
			}
		}
	}
}

// TestNotThere: a value that is not there is empty, and still has a place.
func TestNotThere(t *testing.T) {
	none := in(t, "a: {x: , y: 1}", Objects).Get("z").Get("b/c")
	if err := none.Errorf("missing"); err.Error() != `f.yaml:1: a.z["b/c"]: missing` || err.Column != 1 {
		t.Errorf("%v, column %d", err, err.Column)
	}
	text, err1 := none.Text()
	yes, err2 := none.Bool()
	items, err3 := none.Items()
	members, err4 := none.Members()
	texts, err5 := none.Texts()
	if got := fmt.Sprint(text, yes, items, members, texts, err1, err2, err3, err4, err5); got != "false [] [] map[] <nil> <nil> <nil> <nil> <nil>" {
		t.Error(got)
	}
}

// TestGet: null is not there, and the place is that of the key.
func TestGet(t *testing.T) {
	v := in(t, "a:\n  x:\n    y\n  z: null\n", Fields)
	x, z := v.Get("x"), v.Get("z")
	if text, err := x.Text(); text != "y" || err != nil || x.String() != "f.yaml:2: a.x" || x.Column != 3 {
		t.Errorf("%s: %q, %v, column %d", x, text, err, x.Column)
	}
	if z.Node != nil || z.String() != "f.yaml:4: a.z" {
		t.Errorf("%s: %v", z, z.Node)
	}
}

// TestMembers has the fields of mappings with what is wrong with their keys.
func TestMembers(t *testing.T) {
	for _, test := range []struct {
		file            string
		fields, objects string
	}{
		{"{x: 1, y: 2}", "a.x a.y", "a.x a.y"},
		{`{a b: 1, "": 2}`, "a a", "a a"},
		{"{.x: 1, a/b: 2}", "a a", "a a"},
		{"{<<: {x: 1}}", "f.yaml:1: a: merge keys are not supported", "f.yaml:1: a: the name of a field must be a plain string"},
		{"{x: 1, y: 2, x: 3, x: 4}", "a.x a.y f.yaml:1: a.x: given twice, first on line 1 f.yaml:1: a.x: given twice, first on line 1",
			"a.x a.y f.yaml:1: a.x: given twice, first on line 1 f.yaml:1: a.x: given twice, first on line 1"},
		{"{1: x, [y]: z, &k b: c}", strings.Repeat(" f.yaml:1: a: the name of a field must be a plain string", 3)[1:],
			strings.Repeat(" f.yaml:1: a: the name of a field must be a plain string", 3)[1:]},
		{"{2026-01-01: x}", "f.yaml:1: a: the name of a field must be a plain string", "a"},
	} {
		for format, want := range map[Format]string{Fields: test.fields, Objects: test.objects} {
			members, err := in(t, "a: "+test.file, format).Members()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, member := range members {
				if member.Err != nil {
					got = append(got, member.Err.Error())
				} else {
					got = append(got, member.Field)
				}
			}
			if text := strings.Join(got, " "); text != want {
				t.Errorf("%s in format %d has\n%s\nwant\n%s", test.file, format, text, want)
			}
		}
	}
}

func TestCheckAnchor(t *testing.T) {
	for file, bad := range map[string]bool{"x": false, "&x y": true, "&x {y: z}": true, "{y: &x z}": false} {
		if err := in(t, "a: "+file, Fields).CheckAnchor(); err != nil != bad {
			t.Errorf("%s: %v", file, err)
		}
	}
	members, err := in(t, "a: {x: &x y, z: *x}", Fields).Members()
	if err != nil || members[1].CheckAnchor() == nil {
		t.Errorf("an alias: %v", err)
	}
}
