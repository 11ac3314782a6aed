package kubeletconfig

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/cmd/internal/report"
	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/provider"
)

// Check returns as faults what the kubelet would refuse in the files of one config. As notes it returns
// what the kubelet accepts although it does nothing or does harm. files are one file, or those of a
// directory in lexical order. backends are those of pullpass. The findings are in the order of the files
// and hold no secret. If there are no files, the finding has no File.
//
// checkBinary returns why the kubelet cannot run the binary of a provider, nil if it can. It is
// CheckBinary for the kubelet's bin dir, nil if that is not known, or one that passes over a binary that
// is still to be installed.
func Check(files []File, checkBinary func(name string) error, backends provider.Backends) []report.Finding {
	c := &checker{checkBinary: checkBinary, backends: backends}
	c.served, _ = servedPatterns(backends) // of a file in the binary: there is nothing to go wrong
	return c.check(files)
}

// Refused is Check without the notes. Only notes depend on the backends.
func Refused(files []File, checkBinary func(name string) error) []report.Finding {
	findings := (&checker{checkBinary: checkBinary}).check(files)
	return slices.DeleteFunc(findings, func(f report.Finding) bool { return f.Severity != report.Fault })
}

func (c *checker) check(files []File) []report.Finding {
	decoded := true
	for _, file := range files {
		c.file = file.Name
		d, err := decode(file.Name, file.Data)
		if err != nil {
			c.undecoded(err)
			decoded = false
			continue
		}
		if of, _ := d.value.field("apiVersion"); strings.HasPrefix(d.value.fieldText("apiVersion"), ownGroup) {
			c.fault(of, "apiVersion", "this is a config of pullpass itself, not the kubelet's", "pullpass config check --pullpass FILE")
			decoded = false
			continue
		}
		c.document(d)
	}
	switch {
	case len(files) == 0:
		c.add(report.Finding{Text: "there is no file that the kubelet reads: their names end in .yaml, .yml or .json"})
	case decoded && c.entries == 0 && !c.complains("providers"):
		c.file = files[0].Name
		c.fault(value{line: 1}, "providers", "must have at least one provider", "")
	}
	c.rivals()
	slices.SortStableFunc(c.findings, func(a, b report.Finding) int {
		return cmp.Or(cmp.Compare(indexOfFile(files, a.File), indexOfFile(files, b.File)), cmp.Compare(a.Line, b.Line))
	})
	return c.findings
}

func indexOfFile(files []File, name string) int {
	return slices.IndexFunc(files, func(f File) bool { return f.Name == name })
}

// A checker goes through the files and collects what is wrong.
type checker struct {
	checkBinary func(name string) error
	backends    provider.Backends
	served      []string // patterns of all that pullpass serves
	file        string
	version     string // of the file's format
	entries     int
	findings    []report.Finding
	claims      []claim
	names       map[string]claim // the first claims of these names
}

// A claim has the patterns of a provider and its place.
type claim struct {
	name, file, at string
	line           int
	patterns       []value
}

func (c *checker) add(finding report.Finding) {
	finding.File = c.file
	c.findings = append(c.findings, finding)
}

// undecoded adds the fault of a file that cannot be decoded.
func (c *checker) undecoded(err error) {
	fault := report.Finding{Text: err.Error(), Fix: provider.Hint(err)}
	var located *strictyaml.Error
	if errors.As(err, &located) {
		fault.Line, fault.Text = located.Line, located.Text
	}
	c.add(fault)
}

func (c *checker) fault(v value, at, text, hint string) {
	c.add(report.Finding{Place: report.Place{Line: v.line, Field: at}, Text: text, Fix: hint})
}

func (c *checker) note(v value, at, text, hint string) {
	c.add(report.Finding{Severity: report.Note, Place: report.Place{Line: v.line, Field: at}, Text: text, Fix: hint})
}

// complains reports whether there is a fault of a field already.
func (c *checker) complains(at string) bool {
	return slices.ContainsFunc(c.findings, func(f report.Finding) bool { return f.Severity == report.Fault && f.Field == at })
}

func (c *checker) document(d *document) {
	for _, fault := range d.faults {
		c.add(fault)
	}
	if d.more > 0 {
		c.note(value{line: d.more}, "", "a second document: the kubelet reads only the first", "")
	}
	v := d.value
	if v.kind != strictyaml.Map {
		c.fault(v, "", "must be a mapping, is "+v.kind.String(), "")
		return
	}
	c.known(v, "", "apiVersion", "kind", "providers")
	c.version = d.version()
	var configs []string
	for _, version := range versions() {
		configs = append(configs, configGroup+"/"+version)
	}
	c.oneOf(v, "", "apiVersion", configs)
	c.oneOf(v, "", "kind", []string{configKind})
	for i, item := range c.list(v, "", "providers") {
		c.entries++
		c.provider(item, strictyaml.Index("providers", i))
	}
}

// known reports fields of v other than the known ones. It returns false if v is no mapping. An empty value
// is a mapping without fields.
func (c *checker) known(v value, at string, known ...string) bool {
	return c.knownOnly(v, at, false, known)
}

// knownOnly is known. If secret is true, v holds secrets, and so may what stands where a name should.
func (c *checker) knownOnly(v value, at string, secret bool, known []string) bool {
	if v.kind != strictyaml.Map && v.kind != strictyaml.Null {
		c.fault(v, at, "must be a mapping, is "+v.kind.String(), "")
		return false
	}
	for _, f := range v.fields {
		if slices.Contains(known, f.key) {
			continue
		}
		text, hint := "unknown field", strictyaml.Near(f.key, known)
		place := at
		if !secret {
			place = strictyaml.JoinKey(at, f.key)
		}
		switch {
		case f.key == "tokenAttributes":
			hint = "only version " + versions()[0] + " of the config knows it"
		case hint == "":
			text += ", " + strictyaml.Suggest(f.key, known)
		}
		c.fault(value{line: f.line}, place, text, hint)
	}
	return true
}

// text returns the text of a field, and the value at whose line a fault of the text is reported. The text
// is "" if the field is missing or empty. Another type is a fault: then text is "" and the value is zero.
func (c *checker) text(v value, at, name string) (text string, line value) {
	f, ok := v.field(name)
	switch {
	case !ok:
		return "", v
	case f.kind != strictyaml.Text && f.kind != strictyaml.Null:
		c.fault(f, strictyaml.Join(at, name), wrongText(f), "")
		return "", value{}
	}
	return f.text, f
}

func wrongText(v value) string {
	text := "must be a string, is " + v.kind.String()
	if v.kind == strictyaml.Number || v.kind == strictyaml.Bool {
		text += "; put it in quotes"
	}
	return text
}

// required is text for a field that must not be empty. want says what it must be, "" if that is not said. ok
// is false if there is a fault.
func (c *checker) required(v value, at, name, want string) (text string, of value, ok bool) {
	text, of = c.text(v, at, name)
	if text == "" && of.line > 0 {
		missing := "missing"
		if want != "" {
			missing += ", " + want
		}
		c.fault(of, strictyaml.Join(at, name), missing, "")
	}
	return text, of, text != ""
}

// oneOf reports a field that does not have one of the values.
func (c *checker) oneOf(v value, at, name string, values []string) {
	want := "must be " + values[0]
	if len(values) > 1 {
		want = "must be one of " + strings.Join(values, ", ")
	}
	text, of, ok := c.required(v, at, name, want)
	if !ok || slices.Contains(values, text) {
		return
	}
	c.fault(of, strictyaml.Join(at, name), want+strictyaml.Word("; is ", text), strictyaml.Near(text, values))
}

// list returns the items of a field. It is a fault if the field is no list. A missing list has no items.
func (c *checker) list(v value, at, name string) []value {
	f, _ := v.field(name)
	if f.kind != strictyaml.List && f.kind != strictyaml.Null && f.line > 0 {
		c.fault(f, strictyaml.Join(at, name), "must be a list, is "+f.kind.String(), "")
	}
	return f.items
}

// texts is list for a list of strings. An item that is no string is a fault, and left out.
func (c *checker) texts(v value, at, name string) []item {
	var texts []item
	for i, v := range c.list(v, at, name) {
		at := strictyaml.Index(strictyaml.Join(at, name), i)
		if v.kind != strictyaml.Text && v.kind != strictyaml.Null {
			c.fault(v, at, wrongText(v), "")
			continue
		}
		texts = append(texts, item{v, at})
	}
	return texts
}

// An item is an item of a list, with the name of its place.
type item struct {
	value
	at string
}
