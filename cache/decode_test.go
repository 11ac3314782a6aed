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

// TestDecodeOdd decodes what encode does not write. What decode takes for an entry, encoding/json reads
// as the same entry. encoding/json also takes names of another case, and joins two failures.
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
		{`{` + good + `,"username":"\ud83d\ude00\ud800x","password":"` + "\xff\xed\xa0\x80" + `\u2028\/\u0000"}`, true},
		{`{` + good + `,"expires":"9999-12-31T23:59:59.999999999+23:59"}`, true},
		{`{` + good + `,"expires":"10000-01-01T00:00:00Z"}`, false},
		{`{` + good + `,"expires":"\u0032026-01-02T03:04:05Z"}`, false}, // as in encoding/json
		{`{` + good + `,"version":-0,"version":1}`, true},
		{`{` + good + `,"version":1e0}`, false},
		{`{` + good + `,"version":1.0}`, false},
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
		e, err := decode([]byte(test.data), "a=1\n")
		if (err == nil) != test.ok {
			t.Errorf("%.200s: %v", test.data, err)
		}
		if err != nil {
			checkDecodeError(t, err)
			continue
		}
		var want entry
		if err := json.Unmarshal([]byte(test.data), &want); err != nil || !isEqual(e, want) {
			t.Errorf("%s: got %+v, encoding/json has %+v, %v", test.data, e, want, err)
		}
	}
}
