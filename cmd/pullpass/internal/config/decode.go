package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// decode returns the first document of data, and the second if there is one. An error, for
// an empty file and for what is not YAML, names the file and the line.
func decode(name string, data []byte) ([]*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		line := firstLine(data, func(head []byte) bool { return !utf8.Valid(head) })
		return nil, fmt.Errorf("%s:%d: not UTF-8", name, line)
	}
	documents, err := parse(data)
	if err != nil {
		why, line := splitLine(err)
		// The line of package yaml is often that where the enclosing block begins, or
		// missing. Neither line is ever past the mistake, so the later one is nearer.
		line = max(line, firstLine(data, func(head []byte) bool {
			_, err := parse(head)
			return err != nil
		}))
		if strings.Contains(why, "anchor") || strings.Contains(why, "alphabetic or numeric") {
			why += "; a value that begins with * must be in quotes" // match: *.pkg.dev
		}
		return nil, fmt.Errorf("%s:%d: %s", name, line, why)
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s:1: the file is empty; it must say apiVersion: %s and kind: %s", name, apiVersion, kind)
	}
	return documents, nil
}

// parse returns at most two documents of data.
func parse(data []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var documents []*yaml.Node
	for len(documents) < 2 {
		document := new(yaml.Node)
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// firstLine returns the number of a line with which data turns bad: its head before the line
// is not, with the line it is.
func firstLine(data []byte, bad func(head []byte) bool) int {
	var ends []int
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	return 1 + sort.Search(len(ends), func(i int) bool { return bad(data[:ends[i]]) })
}

// splitLine takes an error of package yaml apart: "yaml: line 3: why". The line may be
// missing, it is 0 then.
func splitLine(err error) (why string, line int) {
	why = strings.TrimPrefix(err.Error(), "yaml: ")
	if number, rest, found := strings.Cut(strings.TrimPrefix(why, "line "), ": "); found {
		if n, err := strconv.Atoi(number); err == nil {
			return rest, n
		}
	}
	return why, 0
}
