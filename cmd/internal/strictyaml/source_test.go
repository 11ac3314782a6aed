package strictyaml

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// texts are documents with all that makes places difficult.
var texts = [...]string{
	"", "a", "a: b", "a: b\n", "\ufeffa: b\r\nc: [d, é]\r\n", "a: é\u2028b: 'ü' # x\rc: d\u0085e: f", "\xff\xfe", "a: \xff\n",
	"{\"é\": [1, \"ü\"], \"b\": 2}", "&a a: *a\n", "- - - a\n- ? b\n  : c\n", "a: |\n  b\n\n", "\n\n\n", "---\na\n...\n---\nb\n", "\t", "a: {<<: {b: c}}\n",
}

// TestSource: whatever is asked, nothing panics, and what is returned lies in the text.
func TestSource(t *testing.T) {
	for _, text := range texts {
		checkSource(t, []byte(text))
	}
}

func checkSource(t *testing.T, data []byte) {
	t.Helper()
	s := NewSource(data)
	within := func(at int) bool { return at >= 0 && at <= s.Len() }
	for line := -2; line < s.Lines()+3; line++ {
		for column := -2; column < len(data)+3; column++ {
			at, ok := s.Offset(&yaml.Node{Line: line, Column: column})
			if ok && (!within(at) || line < 1 || line > s.Lines() || column < 1) {
				t.Fatalf("%q: line %d, column %d is at %d", data, line, column, at)
			}
			again, fresh := NewSource(data).Offset(&yaml.Node{Line: line, Column: column})
			if again != at || fresh != ok {
				t.Fatalf("%q: line %d, column %d is at %d or %d", data, line, column, at, again)
			}
		}
		at, ok := s.LineAt(line)
		if ok != (line >= 1 && line <= s.Lines()) || !within(at) || ok && s.LineOf(at) != line {
			t.Fatalf("%q: line %d is at %d, %v", data, line, at, ok)
		}
		if len(s.Line(line)) > len(data) || !ok && s.Line(line) != nil {
			t.Fatalf("%q: line %d is %q", data, line, s.Line(line))
		}
	}
	for from := -2; from < len(data)+3; from++ {
		if s.At(from) != 0 && s.At(from) != data[from] || !within(s.LineStart(from)) || !within(s.LineEnd(from)) || s.LineOf(from) < 1 || s.LineOf(from) > s.Lines() {
			t.Fatalf("%q: offset %d", data, from)
		}
		for to := -2; to < len(data)+3; to++ {
			part := string(s.Part(from, to))
			got, ok := Splice(data, Span{from, to}, "x")
			if want := from >= 0 && from <= to && to <= len(data); ok != want {
				t.Fatalf("%q: %d to %d is %v", data, from, to, ok)
			}
			if ok && string(got) != string(data[:from])+"x"+string(data[to:]) || ok && part != string(data[from:to]) || len(s.Of(Span{from, to})) != len(part) {
				t.Fatalf("%q: %d to %d is %q", data, from, to, got)
			}
		}
	}
}

// FuzzSource: the places of nodes are in the text, and keys are where they are said to be.
func FuzzSource(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1000 {
			return
		}
		if len(data) < 40 {
			checkSource(t, data)
		}
		documents, err := Decode("f.yaml", data)
		if err != nil {
			if line := err.(*Error).Line; line < 0 || line > len(data)+1 {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		s := NewSource(data)
		for _, document := range documents {
			checkNodes(t, s, document)
		}
	})
}

func checkNodes(t *testing.T, s *Source, n *yaml.Node) {
	if at, ok := s.Offset(n); ok && (at < 0 || at > s.Len()) {
		t.Errorf("%q: %+v is at %d", s.Bytes(), n, at)
	}
	for _, child := range n.Content {
		checkNodes(t, s, child)
	}
}

// TestLimits: what is nested too deeply or too large is an error, soon and with little memory, and so is what
// package yaml has no line for.
func TestLimits(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"values", "[" + strings.Repeat("a,", maxValues+1) + "]", "f.yaml: too many values, or lists and mappings nested too deeply"},
		{"documents", strings.Repeat("---\n", maxValues), "f.yaml: too many values, or lists and mappings nested too deeply"},
		{"levels", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), "f.yaml:1: too many values, or lists and mappings nested too deeply"},
		{"levels in block style", strings.Repeat("- ", maxDepth+1) + "a", "f.yaml:1: too many values, or lists and mappings nested too deeply"},
		{"more levels", strings.Repeat("[", 1<<20), "f.yaml:1: not YAML: exceeded max depth of 10000"},
		{"one long line", strings.Repeat("a: ", 370000), "f.yaml: not YAML: mapping values are not allowed in this context"},
		{"keys", strings.Repeat("? ", 5000) + "a", "f.yaml:1: too many values, or lists and mappings nested too deeply"},
	} {
		_, err := Decode("f.yaml", []byte(test.text))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		var into any
		if err := Unmarshal([]byte(test.text), &into); err == nil {
			t.Errorf("%s: no error of Unmarshal", test.name)
		}
	}
	if _, err := Decode("f.yaml", []byte(strings.Repeat("[", maxDepth-1)+strings.Repeat("]", maxDepth-1))); err != nil {
		t.Error(err)
	}
}

// TestUnmarshal: errors quote nothing.
func TestUnmarshal(t *testing.T) {
	var into struct {
		A int
		B map[string]string
	}
	for _, text := range []string{"a: c4n4ry", "a: [c4n4ry]", "b: {c4n4ry: [x]}", "c4n4ry", "a: *c4n4ry", "a: !!int c4n4ry", "b: {c4n4ry: x, c4n4ry: y}", "c4n4ry: [", "<<: c4n4ry"} {
		if err := Unmarshal([]byte(text), &into); err == nil || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%s: %v", text, err)
		}
	}
	laugh := "a: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		laugh += strings.ReplaceAll("M: &aM ["+strings.Repeat("*aN,", 10)+"]\n", "M", string(rune('1'+i)))
		laugh = strings.ReplaceAll(laugh, "N", string(rune('0'+i)))
	}
	var everything any
	if err := Unmarshal([]byte(laugh), &everything); err == nil {
		t.Error("an alias bomb is no error")
	}
	if err := Unmarshal([]byte("a: 5"), &into); err != nil || into.A != 5 {
		t.Errorf("%+v, %v", into, err)
	}
	if err := Unmarshal(nil, &into); err != nil {
		t.Error(err)
	}
}
