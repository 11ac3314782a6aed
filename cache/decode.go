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
	if !e.set(value) {
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

// set sets the fields of e to the members of an object. Members of other names do not matter, and
// null leaves its field as it is. set returns false if a member is of another kind than its field.
func (e *entry) set(object plainjson.Value) bool {
	for name, value := range object.Members {
		if value.Kind == plainjson.Null {
			continue
		}
		var ok bool
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
			ok = value.Kind == plainjson.Object && e.Failure.set(value)
		default:
			ok = true
		}
		if !ok {
			return false
		}
	}
	return true
}

// set is entry.set for a failure.
func (f *Failure) set(object plainjson.Value) bool {
	for name, value := range object.Members {
		if value.Kind == plainjson.Null {
			continue
		}
		var ok bool
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
		if !ok {
			return false
		}
	}
	return true
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
