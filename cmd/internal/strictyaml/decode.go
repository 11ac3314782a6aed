// Package strictyaml reads YAML and JSON that people write by hand, and says at which line and field
// it is not what it should be. Its errors quote no values: any of them may be a secret.
package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxSearched is the largest document in which the exact line of a mistake is looked for. The search
// parses it many times.
const maxSearched = 1 << 20 // bytes

// Decode returns the documents of data, YAML or JSON, none if it is empty. The error is an *Error
// with the line: "file:3: not YAML: why".
func Decode(file string, data []byte) ([]*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		line := firstLine(data, func(head []byte) bool { return !utf8.Valid(head) })
		return nil, ErrorAt(file, line, "not UTF-8")
	}
	if json.Valid(data) {
		// YAML knows no tab between tokens. Inside of JSON's strings there is none.
		data = bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
	}
	documents, err := Parse(data, math.MaxInt)
	if err != nil {
		line, why := problem(err)
		if errors.Is(err, ErrTooMuch) {
			return nil, ErrorAt(file, line, why)
		}
		if len(data) <= maxSearched {
			// The line of package yaml is often the beginning of the enclosing block, or missing.
			// Neither line is ever past the mistake, so the later one is nearer.
			line = max(line, firstLine(data, func(head []byte) bool {
				_, err := Parse(head, math.MaxInt)
				return err != nil
			}))
		}
		if indentedByTab(data, line) {
			why += "; YAML takes no tabs for indentation"
		}
		return nil, ErrorAt(file, line, "not YAML: "+why)
	}
	return documents, nil
}

// indentedByTab reports whether a tab indents the content of a line, 0 for a line that is not known. The - of
// a list belongs to the indentation.
func indentedByTab(data []byte, line int) bool {
	text := NewSource(data).Line(line)
	indentation := text[:len(text)-len(bytes.TrimLeft(text, " \t-"))]
	return bytes.ContainsRune(indentation, '\t')
}

// firstLine returns the number of the line at which data turns bad: the lines before it alone are not
// bad, and together with it they are.
func firstLine(data []byte, bad func(head []byte) bool) int {
	var ends []int
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	return 1 + sort.Search(len(ends), func(i int) bool { return bad(data[:ends[i]]) })
}

// problem returns the line of an error of package yaml, 0 if it has none, and its text. The parser quotes
// nothing of a document but the names of anchors. problem leaves these out.
func problem(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if number, rest, found := strings.Cut(strings.TrimPrefix(text, "line "), ": "); found {
		if n, err := strconv.Atoi(number); err == nil {
			line, text = n, rest
		}
	}
	isAnchor := strings.Contains(text, "anchor")
	if isAnchor {
		text = "an unknown anchor"
	}
	if isAnchor || strings.Contains(text, "alphabetic or numeric") {
		text += "; a value that begins with * must be in quotes"
	}
	return line, text
}
