package kubeletconfig

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// redacted replaces what people must not see.
const redacted = "REDACTED"

// Redact returns data for people to see. It shows only what cannot be a secret: the names of the fields that
// the kubelet knows, where it knows them, and values that are what such a field has, such as a version, a
// duration, a pattern of images or the name of a variable. REDACTED replaces all else, such as the values of
// env, arguments, misspelt names and what is below them, comments, and documents that the kubelet does not
// read. The file of node-config is shown as it is. So are its comments in other files: another version of
// pullpass may have written them. So is a value if known returns true for it: for a variable of env it gets
// name and value, for an argument "" and the argument. name is the file's.
func Redact(name string, data []byte, known func(name, value string) bool) []byte {
	shipped, err := nodeconfig.Read(shippedName)
	if err == nil && bytes.Equal(shipped, data) {
		return data
	}
	d, err := decode(name, data)
	if err != nil || !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 { // in UTF-16, places are unknown
		return []byte(redacted + "\n")
	}
	r := &redactor{document: d, known: known}
	r.walk(d.root, schema(), "")
	end := d.Len()
	if d.more > 0 {
		end, _ = d.LineAt(d.more)
	}
	text, ok := r.render(end, shipped)
	if !ok {
		return []byte(redacted + "\n")
	}
	if d.more > 0 {
		text = append(text, redacted+"\n"...)
	}
	return text
}

// A part is the place of a scalar, and whether it is shown.
type part struct {
	span
	shown bool
}

// A redactor collects the scalars in the order of the text.
type redactor struct {
	*document
	known func(name, value string) bool
	parts []part
	lost  bool // a scalar is not where it should be
}

// walk collects the scalars in n. f says which of them are shown, nil for none. variable is the variable of
// env that has the value, "" for none. What an alias stands for elsewhere is not shown here, and what an
// alias can stand for is not shown at all.
func (r *redactor) walk(n *yaml.Node, f *shape, variable string) {
	if n.Anchor != "" {
		f = nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			r.walk(item, f.item(), "")
		}
	case yaml.MappingNode:
		named := ""
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode {
				named = n.Content[i+1].Value
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, content := n.Content[i], n.Content[i+1]
			of := f.field(key)
			if key.Kind == yaml.ScalarNode {
				r.add(key, of != nil)
			} else {
				r.walk(key, nil, "")
			}
			r.walk(content, of, named)
		}
	case yaml.ScalarNode:
		r.add(n, f.shows(n, variable, r.known))
	}
}

// add adds a scalar. It is shown only if that is literally what is in the text.
func (r *redactor) add(n *yaml.Node, shown bool) {
	s, ok := r.span(n)
	if !ok {
		r.lost = true
		return
	}
	if s.From == s.To {
		return
	}
	text := string(r.Of(s))
	literal := text == n.Value || text == `"`+n.Value+`"` || text == "'"+n.Value+"'" || text == jsonText(n.Value)
	r.parts = append(r.parts, part{s, shown && literal && !strings.ContainsFunc(n.Value, unicode.IsControl)})
}

// render returns the text up to end with the parts that are shown. It returns false if the parts do not
// follow each other.
func (r *redactor) render(end int, shipped []byte) ([]byte, bool) {
	ours := map[string]bool{}
	for line := range bytes.Lines(shipped) {
		ours[string(bytes.TrimSpace(line))] = true
	}
	quoted := redacted
	if r.json {
		quoted = jsonText(redacted)
	}
	var out bytes.Buffer
	at := 0
	for _, p := range r.parts {
		if r.lost || p.From < at || p.To > end {
			return nil, false
		}
		r.between(&out, at, p.From, ours)
		if p.shown {
			out.Write(r.Of(p.span))
		} else {
			out.WriteString(quoted)
		}
		at = p.To
	}
	r.between(&out, at, end, ours)
	return out.Bytes(), !r.lost
}

// between writes what is between scalars: white space and punctuation. It redacts comments that are not ours,
// anchors, aliases, tags and whatever else is there.
func (r *redactor) between(out *bytes.Buffer, from, end int, ours map[string]bool) {
	for at := from; at < end; {
		c, size := utf8.DecodeRune(r.From(at))
		switch {
		case c == '#' && (at == 0 || unicode.IsSpace(rune(r.At(at-1))) || at == len(byteOrderMark)):
			to := min(r.LineEnd(at), end)
			comment := bytes.TrimRight(r.Part(at, to), "\r\n")
			if ours[string(comment)] {
				out.Write(comment)
			} else {
				out.WriteString("# " + redacted)
			}
			at += len(comment)
		case unicode.IsSpace(c) || strings.ContainsRune("-?:,[]{}\ufeff", c):
			out.Write(r.Part(at, at+size))
			at += size
		default:
			out.WriteString(redacted)
			for at < end && !slices.Contains([]byte(" \t\r\n,[]{}"), r.At(at)) {
				at++
			}
		}
	}
}
