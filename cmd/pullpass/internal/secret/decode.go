package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// decode returns the documents of data, YAML or JSON. An error names the file and the line,
// and quotes nothing of data, which may hold a secret anywhere.
func decode(file string, data []byte) ([]*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		line := firstLine(data, func(head []byte) bool { return !utf8.Valid(head) })
		return nil, fmt.Errorf("%s:%d: not UTF-8", file, line)
	}
	if json.Valid(data) {
		// YAML knows no tab between tokens. Inside of JSON's strings there is none.
		data = bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
	}
	documents, err := parse(data)
	if err != nil {
		line, why := problem(err)
		// That line is often the one where the enclosing block begins, or missing. Neither line is
		// ever past the mistake, so the later one is nearer. To find it takes many parses.
		const maxSearched = 1 << 20 // bytes
		if len(data) <= maxSearched {
			line = max(line, firstLine(data, func(head []byte) bool {
				_, err := parse(head)
				return err != nil
			}))
		}
		return nil, fmt.Errorf("%s:%d: not YAML: %s", file, line, why)
	}
	return documents, nil
}

func parse(data []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var documents []*yaml.Node
	for {
		document := new(yaml.Node)
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
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

// problem returns the line, 0 if it is missing, and the text of an error of package yaml. Its
// parser quotes nothing of a document but the names of anchors; what begins with * is taken for
// one.
func problem(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if number, rest, found := strings.Cut(strings.TrimPrefix(text, "line "), ": "); found {
		if n, err := strconv.Atoi(number); err == nil {
			line, text = n, rest
		}
	}
	if strings.Contains(text, "anchor") {
		text = "an unknown anchor; a value that begins with * must be in quotes"
	}
	return line, text
}
