package unit_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/pullpass/pullpass/integration/node/unit"
)

func TestEnvironment(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                               {},
		"A=1\nB=2":                       {"A": "1", "B": "2"},
		"A=1\nA=2\n":                     {"A": "2"},
		"  A = 1 2 \t\n":                 {"A": "1 2"},
		"# A=1\n;B=2\n  # C=3\nD=4 # 5":  {"D": "4 # 5"},
		"A\nB=2":                         {"B": "2"},
		"A=":                             {"A": ""},
		`A="1 2"` + "\n":                 {"A": "1 2"},
		`A='1 "2"'"3 4"5`:                {"A": `1 "2"3 45`},
		`A=1"2 3"`:                       {"A": `1"2 3"`}, // no quote at the beginning
		"A='1\n2'\nB=3":                  {"A": "1\n2", "B": "3"},
		"A=\"1\\\n2\"\nB=3":              {"A": "12", "B": "3"},
		"A=--a=1 \\\n --b=2\nB=3":        {"A": "--a=1  --b=2", "B": "3"},
		`A=1\ 2\\ ` + "\n":               {"A": `1 2\`},
		`A="\"\$\n"` + "\n":              {"A": `"$\n`},
		`A='\n\'` + "\n":                 {"A": `\n\`},
		"A=1\\ \nB=2":                    {"A": "1 ", "B": "2"},
		"A='1'  '2' \nB=\"unterminated ": {"A": "12", "B": "unterminated "},
	} {
		if got := unit.Environment(text); !maps.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		" --a=1\t--b 2\n":       {"--a=1", "--b", "2"},
		`--a="1 2" '--b=3 4'`:   {"--a=1 2", "--b=3 4"},
		`--a=1\ 2 "" '\n' "\""`: {"--a=1 2", "", "n", `"`},
	} {
		if got := unit.Words(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
