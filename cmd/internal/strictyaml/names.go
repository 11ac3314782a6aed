package strictyaml

import (
	"fmt"
	"slices"
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

// Join returns the name of a field at a place whose fields have known names: registries[0].ecr. The name must
// not come from a document; see JoinKey.
func Join(at, field string) string { return strings.TrimPrefix(at+"."+field, ".") }

// JoinKey is Join for the name of a field in a document. It returns at if the name is not one of a field.
func JoinKey(at, key string) string {
	if !isField(key) {
		return at
	}
	return Join(at, key)
}

// maxField is the longest name of a field of the documents that we read, and some more.
const maxField = 40

// isField reports whether a key has the form of a field's name: a few letters. Passwords and tokens are longer,
// or have digits and signs. Whatever else is the name of a field that nobody knows is not shown.
func isField(key string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return key != "" && len(key) <= maxField && strings.Trim(key, letters) == ""
}

// holdsSecrets reports whether a field of this name has secrets in it, in any of the documents that we read.
// No name of a field in it is shown.
func holdsSecrets(field string) bool {
	return slices.Contains([]string{"env", "args", "auths", "data", "stringData"}, field)
}

// isSecretKey reports whether a key of a Secret's data is one that pull secrets have, by right or by mistake.
func isSecretKey(key string) bool {
	return slices.Contains([]string{".dockerconfigjson", ".dockercfg", "dockerconfigjson", "dockercfg", "config.json", ".docker/config.json"}, key)
}

// DataKey names a key of a Secret's data in a message, in quotes if it is one that pull secrets have. Any other
// may be a part of a secret.
func DataKey(key string) string {
	if isSecretKey(key) {
		return Quoted(key)
	}
	return "another key of data"
}

// joinKey is Join for a place that can have any keys: data["config.json"].
func joinKey(at, key string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if strings.Trim(key, plain) == "" && key != "" {
		return strings.TrimPrefix(at+"."+key, ".")
	}
	return fmt.Sprintf("%s[%s]", at, Quoted(key))
}

// Index returns the name of an item of a list, counted from 0.
func Index(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }
