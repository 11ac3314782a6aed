package strictyaml

import (
	"fmt"
	"strings"
)

// A Kind is a kind of JSON value.
type Kind int

// The kinds of JSON.
const (
	Text Kind = iota
	Number
	Bool
	Null
	List
	Map
)

// String returns what errors call the kind.
func (k Kind) String() string {
	return [...]string{"a string", "a number", "a boolean", "empty", "a list", "a mapping"}[k]
}

// Join returns the name of a field at a place whose fields have known names: registries[0].ecr.
func Join(at, field string) string { return strings.TrimPrefix(at+"."+Shown(field), ".") }

// joinKey returns the name of a field at a place that can have any keys: data["config.json"].
func joinKey(at, key string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if strings.Trim(key, plain) == "" && key != "" {
		return strings.TrimPrefix(at+"."+key, ".")
	}
	return fmt.Sprintf("%s[%s]", at, Quoted(key))
}

// Index returns the name of an item of a list, counted from 0.
func Index(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }
