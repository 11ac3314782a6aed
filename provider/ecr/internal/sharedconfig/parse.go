package sharedconfig

import "strings"

// sections are those of a file, by name. What stands above the first one counts for nothing.
type sections map[string]*section

type section struct {
	files  []string         // where it stands
	values map[string]value // by key, in lower case

	// partial tells that it has one part of a key pair without the other.
	partial bool
}

type value struct {
	text   string
	nested map[string]string // the indented keys below a key without a text
}

func (s *section) has(key string) bool {
	_, found := s.values[key]
	return found
}

func (s *section) text(key string) string { return s.values[key].text }

// A parser reads a file line by line. A line that it cannot read is no error, but nothing.
type parser struct {
	file     File
	sections sections
	section  *section // that is open; nil above the first one
	key      string   // that was read last; "" for none
}

func parse(file File) sections {
	p := parser{file: file, sections: sections{}}
	for line := range strings.SplitSeq(string(file.Text), "\n") {
		start := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(line) != "" && start[0] != '#' && start[0] != ';' {
			p.parseLine(line, start)
		}
	}
	return p.sections
}

// parseLine reads a line; start is its text without the indentation.
func (p *parser) parseLine(line, start string) {
	if name, ok := header(line); ok {
		p.open(name)
		return
	}
	if p.section == nil {
		return
	}
	if line == start {
		if key, text, ok := property(strings.TrimRight(withoutComment(line), " \t")); ok {
			p.set(key, text)
		}
		return
	}
	// What is indented has no comments of its own.
	if key, text, ok := property(start); ok {
		p.setNested(key, text)
		return
	}
	p.continueValue(start)
}

// open starts a section, or goes on with one of that name.
func (p *parser) open(name string) {
	p.section, p.key = nil, ""
	if name == "" {
		return
	}
	if p.sections[name] == nil {
		p.sections[name] = &section{files: []string{p.file.Path}, values: map[string]value{}}
	}
	p.section = p.sections[name]
}

func (p *parser) set(key, text string) {
	p.key = key
	p.section.values[key] = value{text: text}
}

// setNested sets a key below the last one. If that has a text, or if there is none, the key is
// taken for one of the section.
func (p *parser) setNested(key, text string) {
	above := p.section.values[p.key]
	if p.key == "" || above.text != "" {
		p.set(key, strings.TrimSpace(withoutComment(text)))
		return
	}
	if above.nested == nil {
		above.nested = map[string]string{}
		p.section.values[p.key] = above
	}
	above.nested[key] = text
}

// continueValue adds a line to the last key's text.
func (p *parser) continueValue(line string) {
	if last := p.section.values[p.key]; p.key != "" && last.text != "" {
		p.set(p.key, last.text+"\n"+line)
	}
}

// header returns the name of the section that the line starts: what is in the brackets, with
// one space after its first word.
func header(line string) (name string, ok bool) {
	if end := strings.IndexAny(line, "#;"); end >= 0 {
		line = line[:end]
	}
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") {
		return "", false
	}
	name = strings.TrimSpace(line[1 : len(line)-1])
	if end := strings.IndexAny(name, " \t"); end >= 0 {
		name = name[:end] + " " + strings.TrimLeft(name[end:], " \t")
	}
	return name, true
}

// property takes apart a key and its text, at the first = or colon.
func property(line string) (key, text string, ok bool) {
	separator := strings.IndexAny(line, "=:")
	if separator < 0 {
		return "", "", false
	}
	key = strings.ToLower(strings.TrimSpace(line[:separator]))
	return key, unquoted(strings.TrimSpace(line[separator+1:])), true
}

// withoutComment cuts off a comment, which has a space or a tab before it.
func withoutComment(line string) string {
	for _, start := range [...]string{" #", " ;", "\t#", "\t;"} {
		line, _, _ = strings.Cut(line, start)
	}
	return line
}

func unquoted(text string) string {
	if last := len(text) - 1; last > 0 && text[0] == text[last] && (text[0] == '"' || text[0] == '\'') {
		return text[1:last]
	}
	return text
}
