package cache

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// wantHealed has a call find a broken entry: it must answer rightly by a fetch and warn in one
// line, and the next one must be a hit.
func (c *testCache) wantHealed(t *testing.T, warning ...string) {
	t.Helper()
	a := &authority{clock: c.clock, life: time.Hour}
	c.wantCall(t, a, 1)
	c.wantWarning(t, append(warning, "a cached credential is not used: ", c.path(scope, entrySuffix))...)
	c.wantCall(t, a, 1)
	c.wantFiles(t, ID(scope)+entrySuffix)
}

func TestABrokenEntryIsReplaced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		data    string
		warning string
	}{
		{"empty", "", "not the JSON of an entry"},
		{"spaces", " \n", "not the JSON of an entry"},
		{"null", "null", "its version is 0, not 1"},
		{"list", "[]", "not the JSON of an entry"},
		{"list of nothing", "[null]", "not the JSON of an entry"},
		{"number", "1", "not the JSON of an entry"},
		{"string", `"` + planted + `"`, "not the JSON of an entry"},
		{"object", "{}", "its version is 0, not 1"},
		{"text", planted, "not the JSON of an entry"},
		{"zeros", string(make([]byte, reserved)), "not the JSON of an entry"},
		{"huge", string(bytes.Repeat([]byte(" "), maxEntry+1)), "larger than 64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			c.storeData(t, scope, []byte(test.data))
			c.wantHealed(t, test.warning)
		})
	}
}

// TestADamagedEntryIsReplaced damages an entry that would be answered.
func TestADamagedEntryIsReplaced(t *testing.T) {
	t.Parallel()
	const other = provider.Scope("provider=other\n")
	tests := []struct {
		name    string
		damage  func([]byte) []byte
		warning string
	}{
		{"something behind", func(data []byte) []byte { return append(data, " x"...) }, "not the JSON of an entry"},
		{"twice", func(data []byte) []byte { return append(data, data...) }, "not the JSON of an entry"},
		{"zeros behind", func(data []byte) []byte { return append(data, make([]byte, 100)...) }, "not the JSON of an entry"},
		{"huge", func(data []byte) []byte { return append(data, bytes.Repeat([]byte(" "), maxEntry)...) }, "larger than 64 KiB"},
		{"another scope", func(data []byte) []byte { return bytes.Replace(data, []byte("test"), []byte("tesd"), 1) }, "of another scope"},
		{"other version", func(data []byte) []byte { return bytes.Replace(data, []byte(`:1,`), []byte(`:2,`), 1) }, "its version is 2, not 1"},
		{"earlier version", func(data []byte) []byte { return bytes.Replace(data, []byte(`:1,`), []byte(`:-1,`), 1) }, "its version is -1, not 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			data, err := c.plant(scope).encode()
			if err != nil {
				t.Fatal(err)
			}
			c.storeData(t, scope, test.damage(data))
			c.wantHealed(t, test.warning)
		})
	}
	t.Run("copy of another entry", func(t *testing.T) {
		t.Parallel()
		c := newCache(t)
		data, err := c.plant(other).encode()
		if err != nil {
			t.Fatal(err)
		}
		c.storeData(t, scope, data)
		c.wantHealed(t, "of another scope")
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		c := newCache(t)
		data, err := c.plant(scope).encode()
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			c.storeData(t, scope, data[:n])
			c.wantHealed(t, "not the JSON of an entry")
		}
	})
}

// A fieldChange is one field of an entry with another value.
type fieldChange struct {
	name  string
	value any // nil to take the field away
}

func (c fieldChange) String() string {
	if c.value == nil {
		return c.name + " missing"
	}
	value, err := json.Marshal(c.value)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s=%s", c.name, value)
}

// TestAnEntryWithWrongFieldsIsReplaced takes fields away from an entry, or changes their type, also where
// a failure makes an entry without a credential a right one.
func TestAnEntryWithWrongFieldsIsReplaced(t *testing.T) {
	t.Parallel()
	required := []string{"version", "scope", "username", "password", "issued"}
	optional := []string{"repositoryOnly", "refresh", "expires", "failure"}
	nullField := json.RawMessage("null")
	var changes []fieldChange
	for _, name := range required {
		changes = append(changes, fieldChange{name, nil}, fieldChange{name, nullField})
	}
	changes = append(changes, fieldChange{"username", ""}, fieldChange{"password", ""}, fieldChange{"issued", time.Time{}})
	for _, name := range append(required, optional...) {
		for _, value := range []any{[]int{}, 1.5, "x"} {
			if _, isString := value.(string); isString && (name == "username" || name == "password") {
				continue
			}
			changes = append(changes, fieldChange{name, value})
		}
		if name != "failure" {
			changes = append(changes, fieldChange{name, map[string]int{}})
		}
	}
	for _, withFailure := range []bool{false, true} {
		for _, change := range changes {
			t.Run(fmt.Sprintf("%v, failure %v", change, withFailure), func(t *testing.T) {
				t.Parallel()
				c := newCache(t)
				e := c.plant(scope)
				e.Refresh = e.Expires
				fields := toFields(t, e)
				if withFailure {
					fields["failure"] = map[string]any{}
				}
				if change.value == nil {
					delete(fields, change.name)
				} else {
					fields[change.name] = change.value
				}
				data, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				c.storeData(t, scope, data)
				c.wantHealed(t)
			})
		}
	}
}

// TestTheFieldsOfAnEntry is what the test above relies on.
func TestTheFieldsOfAnEntry(t *testing.T) {
	t.Parallel()
	e := newCache(t).plant(scope)
	e.Refresh, e.RepositoryOnly, e.Failure = e.Expires, true, &Failure{}
	fields := toFields(t, e)
	for _, name := range []string{"version", "scope", "username", "password", "issued", "repositoryOnly", "refresh", "expires", "failure"} {
		delete(fields, name)
	}
	for name := range maps.Keys(fields) {
		t.Errorf("there is another field %q", name)
	}
}

func toFields(t *testing.T, e entry) map[string]any {
	t.Helper()
	data, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestADirectoryInThePlaceOfAnEntryIsReplaced(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{".", "inside/more"} {
		t.Run(inside, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			c.makeDirectory(t)
			if err := os.MkdirAll(filepath.Join(c.path(scope, entrySuffix), inside), 0o700); err != nil {
				t.Fatal(err)
			}
			c.wantHealed(t)
		})
	}
}

func TestADirectoryInThePlaceOfALockIsReplaced(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{".", "inside/more"} {
		t.Run(inside, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			a := &authority{clock: c.clock, life: time.Hour}
			c.makeDirectory(t)
			if err := os.MkdirAll(filepath.Join(c.path(scope, lockSuffix), inside), 0o700); err != nil {
				t.Fatal(err)
			}
			c.wantCall(t, a, 1)
			c.wantCall(t, a, 1)
			c.wantFiles(t, ID(scope)+entrySuffix)
		})
	}
}
