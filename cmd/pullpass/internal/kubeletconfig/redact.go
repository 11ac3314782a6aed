package kubeletconfig

import (
	"bytes"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	nodeconfig "github.com/pullpass/pullpass/node-config"
)

// redacted replaces what people must not see.
const redacted = "REDACTED"

// Redact returns data for people to see. REDACTED replaces what may be a secret: the values of env,
// arguments, and comments. It also replaces what the kubelet does not read, such as a second document. The
// file of node-config is shown as it is. So are its comments in other files: another version of pullpass
// may have written them. So is a value if known returns true for it: for a variable of env it gets name and
// value, for an argument "" and the argument. name is the file's.
func Redact(name string, data []byte, known func(name, value string) bool) []byte {
	shipped, err := nodeconfig.Read(shippedName)
	if err == nil && bytes.Equal(shipped, data) {
		return data
	}
	d, err := decode(name, data)
	if err != nil {
		return []byte(redacted + "\n")
	}
	r := &redactor{document: d, known: known, ok: true, seen: map[*yaml.Node]bool{}}
	r.walk(d.root, "", false)
	if !r.ok || d.more > len(d.lines) { // in UTF-16, places are unknown
		return []byte(redacted + "\n")
	}
	if d.more > 0 {
		data = append(slices.Clone(data[:d.lines[d.more-1]]), redacted+"\n"...)
	}
	slices.SortFunc(r.secrets, func(a, b span) int { return b.from - a.from })
	quoted := redacted
	if d.json {
		quoted = jsonText(redacted)
	}
	for _, secret := range r.secrets {
		data = replaced(data, secret, quoted)
	}
	if d.json {
		return data
	}
	return redactComments(data, r.comments, shipped)
}

// redactComments returns data with REDACTED in comments: those on lines of their own, and the trailing
// ones. Lines that shipped has as well stay.
func redactComments(data []byte, trailing []string, shipped []byte) []byte {
	ours := slices.Collect(bytes.Lines(shipped))
	isOurs := func(line []byte) bool {
		return slices.ContainsFunc(ours, func(our []byte) bool { return bytes.Equal(our, line) })
	}
	var out bytes.Buffer
	for line := range bytes.Lines(data) {
		text := bytes.TrimLeft(line, " \t")
		if !bytes.HasPrefix(text, []byte("#")) || isOurs(line) {
			out.Write(line)
			continue
		}
		out.Write(line[:len(line)-len(text)])
		out.WriteString("# " + redacted)
		out.Write(text[len(bytes.TrimRight(text, "\r\n")):])
	}
	text := out.String()
	for _, comment := range trailing {
		text = strings.ReplaceAll(text, comment, "# "+redacted)
	}
	return []byte(text)
}

// A redactor collects the values of all env and args, at any depth, and comments at the ends of lines.
type redactor struct {
	*document
	known    func(name, value string) bool
	seen     map[*yaml.Node]bool // within env or args
	secrets  []span
	comments []string
	ok       bool
}

// walk collects what is in a value. secret says that it is within env or args. variable is the variable of
// env that has the value, "" for none.
func (r *redactor) walk(n *yaml.Node, variable string, secret bool) {
	if secret && r.seen[n] {
		return
	}
	r.seen[n] = secret
	r.comment(n)
	switch {
	case n.Kind == yaml.AliasNode && secret:
		r.walk(n.Alias, variable, true) // what it stands for is elsewhere
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			r.walk(item, "", secret)
		}
	case n.Kind == yaml.MappingNode:
		named := ""
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "name" {
				named = n.Content[i+1].Value
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, content := n.Content[i].Value, n.Content[i+1]
			r.comment(n.Content[i])
			if !secret || key != "name" || content.Kind != yaml.ScalarNode {
				r.walk(content, named, secret || key == "env" || key == "args")
			} else {
				r.comment(content)
			}
		}
	case n.Kind == yaml.ScalarNode && secret && !r.known(variable, n.Value):
		s, ok := r.span(n)
		r.ok = r.ok && ok
		if ok && s.to > s.from && !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
}

func (r *redactor) comment(n *yaml.Node) {
	if n.LineComment != "" && !slices.Contains(r.comments, n.LineComment) {
		r.comments = append(r.comments, n.LineComment)
	}
}
