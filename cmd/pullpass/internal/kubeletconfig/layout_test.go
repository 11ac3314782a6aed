package kubeletconfig

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// canary is what no message shows: the values of variables have it.
const canary = "hunter2"

// A layout writes configs that mean something simple in the many ways that JSON and YAML have for it.
type layout struct {
	random *rand.Rand
	named  int // anchors that there are
}

func (l *layout) percent(n int) bool { return l.random.IntN(100) < n }

func (l *layout) pick(from ...string) string { return from[l.random.IntN(len(from))] }

// A made field is a key with a scalar, or with a list of scalars.
type madeField struct {
	key    string
	scalar string
	list   []string
	env    []Env
}

// config returns a config with some providers, at least one of which is not pullpass.
func (l *layout) config() []byte {
	var providers [][]madeField
	names := []string{"old", "other", "third"}[:1+l.random.IntN(3)]
	if l.percent(25) {
		names = slices.Insert(names, l.random.IntN(len(names)+1), "pullpass")
	}
	for _, name := range names {
		providers = append(providers, l.provider(name))
	}
	var text string
	if l.percent(40) {
		text = l.json(providers)
	} else {
		text = l.yaml(providers)
	}
	if l.percent(30) {
		text = strings.TrimRight(text, "\n")
	}
	if l.percent(25) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

func (l *layout) provider(name string) []madeField {
	fields := []madeField{
		{key: "name", scalar: name},
		{key: "apiVersion", scalar: "credentialprovider.kubelet.k8s.io/v1"},
		{key: "defaultCacheDuration", scalar: l.pick("1m", "12h", "0s")},
		{key: "matchImages", list: []string{"*.dkr.ecr.*.amazonaws.com", "registry.example.com/a-b"}[:1+l.random.IntN(2)]},
	}
	if l.percent(50) {
		fields = append(fields, madeField{key: "args", list: []string{"-v", "# no comment", "it's", `a "quote"`, "two\nlines\n", "- name: pullpass", "]}", "é\u2026", ""}[l.random.IntN(9):]})
	}
	if l.percent(40) {
		fields = append(fields, madeField{key: "env", env: []Env{{"TOKEN", canary + l.pick("", " #x", "\nx", "'\"")}, {"B", ""}}[:1+l.random.IntN(2)]})
	}
	l.random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return fields
}

// json returns the config as JSON in one of the usual layouts.
func (l *layout) json(providers [][]madeField) string {
	f := flowLayout{multiline: l.percent(60), spaced: l.percent(70), unit: l.pick("  ", "    ", "\t")}
	var items []string
	inner := f
	inner.multiline = f.multiline && l.percent(70)
	for _, fields := range providers {
		items = append(items, f.madeObject(inner, fields))
	}
	members := []member{
		{"apiVersion", `"kubelet.config.k8s.io/v1"`}, {"kind", `"CredentialProviderConfig"`}, {"providers", f.list(f.unit, items)},
	}
	l.random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return l.pick("", "\n", " ") + f.object("", members) + l.pick("\n", "\n\n", "\n \n")
}

func (f flowLayout) madeObject(inner flowLayout, fields []madeField) string {
	indent := f.unit + f.unit
	var members []member
	for _, field := range fields {
		value := jsonText(field.scalar)
		if field.list != nil {
			value = inner.list(indent+f.unit, jsonTexts(field.list))
		}
		if field.env != nil {
			var items []string
			for _, variable := range field.env {
				items = append(items, inner.object(indent+f.unit+f.unit, []member{{"name", jsonText(variable.Name)}, {"value", jsonText(variable.Value)}}))
			}
			value = inner.list(indent+f.unit, items)
		}
		members = append(members, member{field.key, value})
	}
	return inner.object(indent, members)
}

// yaml returns the config as YAML with comments, in block style or with a list in flow style.
func (l *layout) yaml(providers [][]madeField) string {
	blocks := []string{"apiVersion: " + l.scalar("kubelet.config.k8s.io/v1", "") + l.endOfLine(), "kind: " + l.scalar("CredentialProviderConfig", "") + l.endOfLine()}
	list := "providers:" + l.endOfLine()
	indent := l.pick("", "", "  ", "    ")
	if l.percent(25) {
		list = l.flowList(providers)
	} else {
		for _, fields := range providers {
			list += l.comments(indent) + l.blockItem(fields, indent)
		}
	}
	blocks = slices.Insert(blocks, l.random.IntN(3), list)
	text := l.pick("", "", "---\n", "# all\n---\n", byteOrderMark, "%YAML 1.1\n---\n")
	for _, block := range blocks {
		text += l.comments("") + block
	}
	return text + l.comments("") + l.pick("", "", "", "...\n", "---\na: b\n", "\n\n", "   \n")
}

func (l *layout) endOfLine() string { return l.pick("", "", "", " # x", "  ") + "\n" }

// comments returns lines that mean nothing.
func (l *layout) comments(indent string) string {
	text := ""
	for l.percent(25) {
		text += l.pick("", "  ", indent) + l.pick("\n", "# x\n", "#- name: x\n", indent+"  # - y\n")
	}
	return text
}

func (l *layout) blockItem(fields []madeField, dash string) string {
	indent := dash + "  "
	text := dash + "- "
	if l.percent(10) {
		text = dash + "-" + l.endOfLine() + indent
	}
	for i, field := range fields {
		if i > 0 {
			text += l.comments(indent) + indent
		}
		text += l.pick(field.key, field.key, field.key, `"`+field.key+`"`) + ":" + l.fieldValue(field, indent)
	}
	return text
}

func (l *layout) fieldValue(field madeField, indent string) string {
	if field.env == nil && field.list == nil {
		return " " + l.scalar(field.scalar, indent) + l.endOfLine()
	}
	if field.list != nil && l.percent(30) {
		return " " + l.flow(jsonTexts(field.list), indent) + l.endOfLine()
	}
	nested := indent + l.pick("", "  ")
	text := l.endOfLine()
	for _, item := range field.list {
		text += l.comments(nested) + nested + "- " + l.scalar(item, nested) + l.endOfLine()
	}
	for _, variable := range field.env {
		text += nested + "- name: " + l.scalar(variable.Name, nested+"  ") + l.endOfLine() + nested + "  value: " + l.scalar(variable.Value, nested+"  ") + l.endOfLine()
	}
	return text
}

// flow returns a list between brackets, on one line or several.
func (l *layout) flow(items []string, indent string) string {
	between := l.pick(" ", "", "\n"+indent+"  ", "\n", " # x\n ")
	text := "[" + between
	for i, item := range items {
		if i > 0 {
			text += l.pick("", " ") + "," + between
		}
		text += item
	}
	return text + l.pick("", ",", " ,") + between + l.pick("", " ") + "]"
}

func (l *layout) flowList(providers [][]madeField) string {
	var items []string
	for _, fields := range providers {
		f := flowLayout{spaced: l.percent(80), multiline: l.percent(30), unit: "  "}
		items = append(items, f.madeObject(f, fields))
	}
	return "providers: " + l.flow(items, "") + l.endOfLine()
}

// scalar writes text in one of the ways that YAML has for it; the line's end is to follow.
func (l *layout) scalar(text, indent string) string {
	if l.percent(5) && strings.Trim(text, "-abcdefghijklmnopqrstuvwxyz./0123456789") == "" && text != "" {
		l.named++
		return fmt.Sprintf("&a%d ", l.named) + jsonText(text)
	}
	ways := []string{jsonText(text), "!!str " + jsonText(text)}
	if !strings.Contains(text, "\n") {
		ways = append(ways, "'"+strings.ReplaceAll(text, "'", "''")+"'")
	}
	if safe := strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./0123456789") == ""; safe && text != "" {
		ways = append(ways, text, text)
	}
	if indent != "" && strings.Contains(text, "two\nlines") {
		lines := strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+indent+"  ")
		return l.pick("|", "|2") + "\n" + indent + "  " + lines
	}
	if words := strings.Split(text, " "); len(words) == 2 && indent != "" {
		ways = append(ways, `"`+strings.ReplaceAll(strings.Join(words, "\n"+indent+"  "), `"`, `\"`)+`"`)
	}
	return l.pick(ways...)
}

// TestLayouts merges the entry into configs of many layouts and takes it out again.
func TestLayouts(t *testing.T) {
	const count = 150
	bad, refused := 0, 0
	for seed := range uint64(count) {
		l := &layout{random: rand.New(rand.NewPCG(seed, seed))}
		data := l.config()
		if faults := faultsOf(data); len(faults) > 0 {
			bad++
			if bad < 3 {
				t.Errorf("seed %d: %v\n%s", seed, faults, data)
			}
			continue
		}
		if _, err := Merge("config", data, entry()); err != nil {
			refused++
			if testing.Verbose() {
				t.Logf("seed %d: %v\n%s", seed, err, data)
			}
		}
		checkMerge(t, data)
		if redacted := Redact("config", data, nothing); bytes.Contains(redacted, []byte(canary)) || len(redacted) < len(data)/2 {
			t.Errorf("seed %d: redacted is\n%s", seed, redacted)
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, data)
		}
	}
	if refused > count/50 {
		t.Errorf("%d of %d are not understood", refused, count)
	}
}
