package cache

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/provider"
)

// TestEveryFieldIsDecoded sets each field that encoding/json writes, so that decode cannot forget
// one.
func TestEveryFieldIsDecoded(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600))
	e := entry{
		Version: version, Scope: "a=1\nb=\"ü\"\n", Username: "<me>", Password: plainSecret{provider.NewSecret("s\\1&\u2028\x00")},
		RepositoryOnly: true, Issued: at, Refresh: at.Add(time.Second), Expires: at.Add(time.Minute),
		Failure: &Failure{Text: "refused", Hint: "ask", None: true, RepositoryOnly: true, Count: 3, At: at.Add(time.Hour), Until: at.Add(2 * time.Hour)},
	}
	for _, value := range []reflect.Value{reflect.ValueOf(e), reflect.ValueOf(*e.Failure)} {
		for i := range value.NumField() {
			if value.Field(i).IsZero() {
				t.Errorf("%s is not set by this test", value.Type().Field(i).Name)
			}
		}
	}
	data, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decode(data, e.Scope)
	if err != nil || !isEqual(decoded, e) {
		t.Errorf("%s: got %+v, %v", data, decoded, err)
	}
}

// TestDecodeOdd decodes what encode does not write. encoding/json takes for an entry what decode does,
// and also names of another case.
func TestDecodeOdd(t *testing.T) {
	const good = `"version":1,"scope":"a=1\n","username":"me","password":"s1","issued":"2026-01-02T03:04:05Z"`
	for _, test := range []struct {
		data string
		ok   bool
	}{
		{`{` + good + `}`, true},
		{" \t\r\n{" + good + "} \n", true},
		{`{` + good + `,"later":{"a":[1,2,{"version":2}]},"x":null}`, true},
		{`{"version":2,` + good + `}`, true}, // the last one counts
		{`{` + good + `,"version":2}`, false},
		{`{` + good + `,"username":""}`, false},
		{`{"\u0076ersion":1,` + good[len(`"version":1,`):] + `}`, true},
		{`{"VERSION":1,` + good[len(`"version":1,`):] + `}`, false},
		{`{` + good + `,"failure":{}}`, true},
		{`{` + good + `,"failure":{"at":"x"}}`, false},
		{`{` + good + `,"failure":{"none":1}}`, false},
		{`{` + good + `,"failure":{"count":1.5}}`, false},
		{`{` + good + `,"failure":[]}`, false},
		{`{` + good + `,"failure":null,"expires":null,"username":null,"version":null,"repositoryOnly":null}`, true},
		{`{` + good + `,"failure":{"at":null,"count":null,"text":null,"none":null}}`, true},
		{`{"version":null,` + good[len(`"version":1,`):] + `}`, false},
		{`{` + good + `,"expires":"2026-01-02"}`, false},
		{`{` + good + `,"expires":1}`, false},
		{`{` + good + `,"repositoryOnly":"true"}`, false},
		{`{` + good + `,"password":5}`, false},
		{`{` + good + `,"scope":{}}`, false},
		{`{` + good + `,"version":99999999999999999999}`, false},
		{`{` + good + `,"version":"1"}`, false},
		{`{` + good + `}{}`, false},
		{`{` + good + `}x`, false},
		{`{` + good, false},
		{`{` + good + `,"x":` + strings.Repeat("[", 30000) + strings.Repeat("]", 30000) + `}`, false},
		{`[` + good + `]`, false},
		{`{` + good + ",\"hint\":\"\x00\"}", false},
	} {
		_, err := decode([]byte(test.data), "a=1\n")
		if (err == nil) != test.ok {
			t.Errorf("%.200s: %v", test.data, err)
		}
		if err != nil {
			checkDecodeError(t, err)
		} else if json.Unmarshal([]byte(test.data), &entry{}) != nil {
			t.Errorf("encoding/json refuses %s", test.data)
		}
	}
}
