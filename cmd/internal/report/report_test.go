package report

import "testing"

// TestText has each severity and each form of a place, with the line for people and the object
// for programs.
func TestText(t *testing.T) {
	for _, test := range []struct {
		finding    Finding
		text, json string
	}{
		{
			Finding{Place: Place{File: "a.yaml", Line: 3, Field: "providers[0].name"}, Text: "missing", Fix: "name it"},
			"a.yaml:3: providers[0].name: missing\n  hint: name it\n",
			`{
    "severity": "fault",
    "file": "a.yaml",
    "line": 3,
    "field": "providers[0].name",
    "text": "missing",
    "fix": "name it"
  }`,
		},
		{
			Finding{Severity: Note, Place: Place{Object: "team/regcred", Field: `auths["<a>"]`}, Text: "never matches"},
			"team/regcred: note: auths[\"<a>\"]: never matches\n",
			`{
    "severity": "note",
    "object": "team/regcred",
    "field": "auths[\"<a>\"]",
    "text": "never matches"
  }`,
		},
		{
			Finding{Severity: Info, Place: Place{Object: "ghcr.io/acme/app"}, Text: "regcred (user acme)"},
			"ghcr.io/acme/app: regcred (user acme)\n",
			`{
    "severity": "info",
    "object": "ghcr.io/acme/app",
    "text": "regcred (user acme)"
  }`,
		},
		{
			Finding{Severity: OK, Place: Place{File: "a.yaml"}, Text: "2 rules"},
			"a.yaml: ok, 2 rules\n",
			`{
    "severity": "ok",
    "file": "a.yaml",
    "text": "2 rules"
  }`,
		},
		{
			Finding{Place: Place{File: "a\n.yaml"}, Text: "\x1b[1mbold", Fix: "a\r\nb"},
			"a .yaml:  [1mbold\n  hint: a b\n",
			`{
    "severity": "fault",
    "file": "a\n.yaml",
    "text": "\u001b[1mbold",
    "fix": "a\r\nb"
  }`,
		},
		{Finding{Text: "nothing"}, "nothing\n", "{\n    \"severity\": \"fault\",\n    \"text\": \"nothing\"\n  }"},
	} {
		findings := []Finding{test.finding}
		if got := Text(findings); got != test.text {
			t.Errorf("%+v is %q, want %q", test.finding, got, test.text)
		}
		if got, err := JSON(findings); err != nil || got != "[\n  "+test.json+"\n]\n" {
			t.Errorf("%+v is %v\n%s\nwant\n%s", test.finding, err, got, test.json)
		}
	}
}

func TestJSONWithoutFindings(t *testing.T) {
	if got, err := JSON(nil); err != nil || got != "[]\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPlace(t *testing.T) {
	for want, place := range map[string]Place{
		"":                  {},
		"a.yaml":            {File: "a.yaml"},
		"a.yaml:7":          {File: "a.yaml", Line: 7},
		"a.yaml:7: kind":    {File: "a.yaml", Line: 7, Field: "kind"},
		"regcred":           {Object: "regcred"},
		"regcred: auths[0]": {Object: "regcred", Field: "auths[0]"},
	} {
		if got := place.String(); got != want {
			t.Errorf("%+v is %q, want %q", place, got, want)
		}
	}
}

func TestErr(t *testing.T) {
	for _, test := range []struct {
		severities []Severity
		want       string
	}{
		{nil, ""},
		{[]Severity{OK, Info, Note}, ""},
		{[]Severity{Note, Fault}, "check a.yaml: 1 fault"},
		{[]Severity{Fault, OK, Fault}, "check a.yaml: 2 faults"},
	} {
		var findings []Finding
		for _, severity := range test.severities {
			findings = append(findings, Finding{Severity: severity})
		}
		got := ""
		if err := Err("a.yaml", findings); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%v give %q, want %q", test.severities, got, test.want)
		}
	}
}
