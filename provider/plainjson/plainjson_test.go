package plainjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzParse compares with encoding/json: the same values, and errors at the same byte.
func FuzzParse(f *testing.F) {
	for _, data := range []string{
		"", " ", "null", "true", "false", "tru", "trux", "nulL", "0", "-0", "01", "-", "-x", "1.", "1.5e", "1e+", "1E-7x", "12x",
		`"a"`, `"a`, `"a\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\x01\"", "\"\xff\xed\xa0\x80\"", `"\ud83d\ude00\ud800x\ud800\u0041\udc00"`,
		`"\"\\\/\b\f\n\r\t"`, "{}", "[]", "[ ]", "[1,]", "[1 2]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b"}`, `{"a":1]`, "]", "}",
		` {"a" : [1, {"b": "c"}] , "a":null, "":{}}  `, `{}x`, "\ufeff{}", "\x00", `{"a":[true,false,null,{"x":[[]]}]} 1`,
		strings.Repeat("[", maxDepth), strings.Repeat("[", maxDepth+1), strings.Repeat(`{"a":`, maxDepth+1),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		var want any
		decoder.UseNumber()
		wantErr := decoder.Decode(&want)
		value, rest, err := Parse(data)
		var syntax *SyntaxError
		var wantSyntax *json.SyntaxError
		switch {
		case errors.As(wantErr, &wantSyntax):
			if !errors.As(err, &syntax) || int64(syntax.Offset) != wantSyntax.Offset {
				t.Fatalf("%q: got %v, want %v at byte %d", data, err, wantErr, wantSyntax.Offset)
			}
			return
		case errors.Is(wantErr, io.ErrUnexpectedEOF), errors.Is(wantErr, io.EOF):
			if err != ErrCutOff {
				t.Fatalf("%q: got %v, want %v", data, err, wantErr)
			}
			return
		case wantErr != nil || err != nil:
			t.Fatalf("%q: got %v, want %v", data, err, wantErr)
		}
		if int(decoder.InputOffset()) != len(data)-len(rest) {
			t.Fatalf("%q: the value ends before %q", data, rest)
		}
		if _, err := decoder.Token(); (err == io.EOF) != IsBlank(rest) {
			t.Fatalf("%q: of the rest, %q, encoding/json says %v", data, rest, err)
		}
		check(t, value, want)
	})
}

// check compares a value with what encoding/json makes of it.
func check(t *testing.T, value Value, want any) {
	t.Helper()
	kind := Null
	switch w := want.(type) {
	case bool:
		kind = Bool
		if string(value.Raw()) != map[bool]string{true: "true", false: "false"}[w] {
			t.Errorf("got %s, want %v", value.Raw(), w)
		}
	case json.Number:
		kind = Number
		if string(value.Raw()) != w.String() {
			t.Errorf("got %s, want %v", value.Raw(), w)
		}
	case string:
		kind = String
		if value.Text() != w {
			t.Errorf("%s: got %q, want %q", value.Raw(), value.Text(), w)
		}
	case []any:
		kind = Array
	case map[string]any:
		kind = Object
		got := map[string]Value{}
		for name, member := range value.Members {
			got[name] = member
		}
		if len(got) != len(w) {
			t.Errorf("%s: got %d members, want %d", value.Raw(), len(got), len(w))
		}
		for name, member := range w {
			check(t, got[name], member)
		}
	}
	if value.Kind != kind {
		t.Errorf("%s: got the kind %s, want %s", value.Raw(), value.Kind, kind)
	}
}

// FuzzAppendString compares with encoding/json, byte for byte, and reads the string back.
func FuzzAppendString(f *testing.F) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	for _, text := range []string{"", "a", string(all), "ü€😀", "\u2028\u2029\u2027\ufffd", "\xed\xa0\x80", "<a href=\"x\">&</a>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got := AppendString([]byte("x"), text)
		if string(got) != "x"+string(want) {
			t.Errorf("%q: got %s, want x%s", text, got, want)
		}
		value, rest, err := Parse(got[1:])
		if err != nil || len(rest) > 0 || value.Text() != strings.ToValidUTF8(text, "\ufffd") && value.Text() != decoded(t, want) {
			t.Errorf("%s: got %q, rest %q, %v", got, value.Text(), rest, err)
		}
	})
}

func decoded(t *testing.T, data []byte) (text string) {
	t.Helper()
	if err := json.Unmarshal(data, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOtherKinds(t *testing.T) {
	for _, data := range []string{"null", "1", "true", "[1]", `"a"`} {
		value, _, err := Parse([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if (value.Text() != "") != (value.Kind == String) {
			t.Errorf("%s has the text %q", data, value.Text())
		}
		for name := range value.Members {
			t.Errorf("%s has a member %q", data, name)
		}
	}
	if err := (&SyntaxError{3}).Error(); err != "byte 3 cannot stand in JSON" {
		t.Error(err)
	}
	if err := ErrCutOff.Error(); err != "the JSON is cut off" {
		t.Error(err)
	}
}

// TestStop: a loop over the members can end early.
func TestStop(t *testing.T) {
	value, _, err := Parse([]byte(`{"a":1,"b":2}`))
	if err != nil {
		t.Fatal(err)
	}
	for name := range value.Members {
		if name != "a" {
			t.Errorf("got %q after the end", name)
		}
		break
	}
}
