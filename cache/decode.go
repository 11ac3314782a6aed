package cache

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/plainjson"
)

// errNoEntry is the error for data that encode cannot have made. It quotes nothing of it.
var errNoEntry = errors.New("it is not the JSON of an entry")

// decode reads the entry of scope. Errors quote nothing of data.
func decode(data []byte, scope provider.Scope) (entry, error) {
	e, err := decodeAny(data)
	if err == nil && e.Scope != scope {
		err = errors.New("it is of another scope")
	}
	if err != nil {
		return entry{}, err
	}
	return e, nil
}

// decodeAny reads an entry of any scope. Errors quote nothing of data.
func decodeAny(data []byte) (entry, error) {
	value, rest, err := plainjson.Parse(data)
	isEntry := value.Kind == plainjson.Object || value.Kind == plainjson.Null // null has no version
	if err != nil || !isEntry || !plainjson.IsBlank(rest) {
		return entry{}, errNoEntry
	}
	var e entry
	if !setAll(value, e.set) {
		return entry{}, errNoEntry
	}
	hasCredential := e.Username != "" && !e.Password.Empty() && !e.Issued.IsZero()
	hasPart := e.Username != "" || !e.Password.Empty() || !e.Issued.IsZero()
	switch {
	case e.Version != version:
		return entry{}, fmt.Errorf("its version is %d, not %d", e.Version, version)
	case !hasCredential && (hasPart || e.Failure == nil):
		return entry{}, errors.New("it holds no credential")
	}
	return e, nil
}

// setAll gives set the members of an object, except those that are null: they leave their fields as
// they are. It returns false if set does so for a member.
func setAll(object plainjson.Value, set func(name string, value plainjson.Value) bool) bool {
	for name, value := range object.Members {
		if value.Kind != plainjson.Null && !set(name, value) {
			return false
		}
	}
	return true
}

// set sets the field of e with that name in JSON. Other names do not matter. It returns false if value is
// of another kind than the field.
func (e *entry) set(name string, value plainjson.Value) (ok bool) {
	switch name {
	case "version":
		e.Version, ok = number(value)
	case "scope":
		e.Scope, ok = provider.Scope(value.Text()), value.Kind == plainjson.String
	case "username":
		e.Username, ok = value.Text(), value.Kind == plainjson.String
	case "password":
		e.Password, ok = plainSecret{provider.NewSecret(value.Text())}, value.Kind == plainjson.String
	case "repositoryOnly":
		e.RepositoryOnly, ok = boolean(value)
	case "issued":
		e.Issued, ok = instant(value)
	case "refresh":
		e.Refresh, ok = instant(value)
	case "expires":
		e.Expires, ok = instant(value)
	case "failure":
		e.Failure = &Failure{}
		ok = value.Kind == plainjson.Object && setAll(value, e.Failure.set)
	default:
		ok = true
	}
	return ok
}

// set is entry.set for a failure.
func (f *Failure) set(name string, value plainjson.Value) (ok bool) {
	switch name {
	case "text":
		f.Text, ok = value.Text(), value.Kind == plainjson.String
	case "hint":
		f.Hint, ok = value.Text(), value.Kind == plainjson.String
	case "none":
		f.None, ok = boolean(value)
	case "repositoryOnly":
		f.RepositoryOnly, ok = boolean(value)
	case "count":
		f.Count, ok = number(value)
	case "at":
		f.At, ok = instant(value)
	case "until":
		f.Until, ok = instant(value)
	default:
		ok = true
	}
	return ok
}

func number(value plainjson.Value) (int, bool) {
	n, err := strconv.Atoi(string(value.Raw()))
	return n, err == nil && value.Kind == plainjson.Number
}

func boolean(value plainjson.Value) (yes, ok bool) {
	return string(value.Raw()) == "true", value.Kind == plainjson.Bool
}

func instant(value plainjson.Value) (t time.Time, ok bool) {
	err := t.UnmarshalJSON(value.Raw())
	return t, err == nil && value.Kind == plainjson.String
}
