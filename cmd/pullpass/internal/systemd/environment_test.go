package systemd

import (
	"slices"
	"testing"
)

// TestAssignments has what systemd reads from files for EnvironmentFile=; the values were compared
// with those of systemd 252, whose parser its environment.d generator shows.
func TestAssignments(t *testing.T) {
	for _, c := range []struct {
		data string
		want []string
	}{
		{"", nil},
		{"\n \t\r\n", nil},
		{"# comment\n; comment\n  # comment\n", nil},
		{"A=1\nB=2", []string{"A=1", "B=2"}},
		{"A=1\r\nB=2\r\n", []string{"A=1", "B=2"}},
		{"  A  =  1 2  \n", []string{"A=1 2"}},
		{"A=\nB=\"\"\nC=''\nD=   \n", []string{"A=", "B=", "C=", "D="}},
		{"no assignment\nA=1\n", []string{"A=1"}},
		{"export A=1\n", []string{"export A=1"}},
		{"=A=1\n", []string{"=A=1"}},
		{"A=1 # no comment\n", []string{"A=1 # no comment"}},
		{"A='1 \"2\\\" 3'\n", []string{`A=1 "2\" 3`}},
		{"A=\"1 '2' \\\"3\\\" \\$4 \\`5 \\\\6 \\7\"\n", []string{"A=1 '2' \"3\" $4 `5 \\6 \\7"}},
		{"A=1 \"2\" '3'\n", []string{`A=1 "2" '3'`}},
		{"A=\"1\" '2' 3 \"4\"\n", []string{`A=123 "4"`}},
		{"A=\"1\n2\"\nB='3\n4'\n", []string{"A=1\n2", "B=3\n4"}},
		{"A=1 \\\n  2\nB=3\n", []string{"A=1   2", "B=3"}},
		{"A=\"1 \\\n 2\"\n", []string{"A=1  2"}},
		{"A=1 \\\n\nB=2\n", []string{"A=1 ", "B=2"}},
		{"A=1\\ \\  \n", []string{"A=1  "}},
		{"A=\\\n\nB=2\n", []string{"A=", "B=2"}},
		{"A=\\'1\\'\\x\n", []string{"A='1'x"}},
		{"A=\"not closed", []string{"A=not closed"}},
		{"A='not closed\nB=2", []string{"A=not closed\nB=2"}},
		{"A=1\\", []string{"A=1"}},
		{"A=\"1\\", []string{"A=1"}},
		{"A=1 \t", []string{"A=1"}},
		{"A=1=2\n", []string{"A=1=2"}},
		{"A=1\nA=2\n", []string{"A=1", "A=2"}},
	} {
		for _, oldComments := range []bool{false, true} {
			if got := texts(Assignments([]byte(c.data), oldComments)); !slices.Equal(got, c.want) {
				t.Errorf("%q: %q, want %q", c.data, got, c.want)
			}
		}
	}
}

// TestContinuedComment: systemd 254 changed what a backslash at the end of a comment means.
func TestContinuedComment(t *testing.T) {
	const data = "# comment \\\nA=1\nB=2\n"
	if got := texts(Assignments([]byte(data), false)); !slices.Equal(got, []string{"A=1", "B=2"}) {
		t.Errorf("since 254: %q", got)
	}
	if got := texts(Assignments([]byte(data), true)); !slices.Equal(got, []string{"B=2"}) {
		t.Errorf("before 254: %q", got)
	}
}

func texts(all []Assignment) []string {
	var out []string
	for _, a := range all {
		out = append(out, a.Name+"="+a.Value())
	}
	return out
}

// TestWords has how systemd splits the value of a variable that is a whole argument.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		value string
		want  []string
		ok    bool
	}{
		{"", nil, true},
		{" \t\n", nil, true},
		{"--a=1  --b\n--c", []string{"--a=1", "--b", "--c"}, true},
		{`--a="1 2" '--b=3 4'`, []string{"--a=1 2", "--b=3 4"}, true},
		{`--a="1 '2'" ''`, []string{"--a=1 '2'", ""}, true},
		{`--a=1\ 2 "\"" '\''`, []string{"--a=1 2", `"`, "'"}, true},
		{`--a="1 2`, []string{"--a=1 2"}, false},
		{`--a=1\`, []string{"--a=1"}, false},
	} {
		all, ok := Words(c.value)
		if got := Split(c.value); !slices.Equal(got, c.want) || ok != c.ok {
			t.Errorf("%q: %q %t, want %q %t", c.value, got, ok, c.want, c.ok)
		}
		for _, w := range all {
			if inner, _ := Words(c.value[w.From:w.To]); len(inner) != 1 || inner[0].Text != w.Text {
				t.Errorf("%q: %q stands at %q", c.value, w.Text, c.value[w.From:w.To])
			}
		}
	}
}
