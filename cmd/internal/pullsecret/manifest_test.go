package pullsecret

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pullpass/pullpass/cmd/internal/kubename"
	"github.com/pullpass/pullpass/provider"
)

const testConfig = `{"auths":{"ghcr.io":{"username":"acme","password":"c4n4ry","auth":"YWNtZTpjNG40cnk="}}}`

func testManifest() Manifest {
	return Manifest{
		Name:      "regcred",
		Namespace: "team",
		Labels:    map[string]string{"b": "2", "app.kubernetes.io/name": "on", "a": ""},
		Annotations: map[string]string{
			RefreshAfter: "2026-10-05T18:00:00Z",
			ExpiresAt:    "2026-10-06T00:00:00Z",
			"note":       "a: \"b\"\n- c \u2028 ü #d",
		},
		Config: provider.NewSecret(testConfig),
	}
}

const testYAML = `apiVersion: v1
kind: Secret
metadata:
  name: regcred
  namespace: team
  labels:
    a: ""
    app.kubernetes.io/name: "on"
    b: "2"
  annotations:
    note: "a: \"b\"\n- c \L ü #d"
    pullpass/expires-at: "2026-10-06T00:00:00Z"
    pullpass/refresh-after: "2026-10-05T18:00:00Z"
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: eyJhdXRocyI6eyJnaGNyLmlvIjp7InVzZXJuYW1lIjoiYWNtZSIsInBhc3N3b3JkIjoiYzRuNHJ5IiwiYXV0aCI6IllXTnRaVHBqTkc0MGNuaz0ifX19
`

const testJSON = `{
  "apiVersion": "v1",
  "kind": "Secret",
  "metadata": {
    "name": "regcred",
    "namespace": "team",
    "labels": {
      "a": "",
      "app.kubernetes.io/name": "on",
      "b": "2"
    },
    "annotations": {
      "note": "a: \"b\"\n- c \u2028 ü #d",
      "pullpass/expires-at": "2026-10-06T00:00:00Z",
      "pullpass/refresh-after": "2026-10-05T18:00:00Z"
    }
  },
  "type": "kubernetes.io/dockerconfigjson",
  "data": {
    ".dockerconfigjson": "eyJhdXRocyI6eyJnaGNyLmlvIjp7InVzZXJuYW1lIjoiYWNtZSIsInBhc3N3b3JkIjoiYzRuNHJ5IiwiYXV0aCI6IllXTnRaVHBqTkc0MGNuaz0ifX19"
  }
}
`

func encodeBoth(t *testing.T, objects ...Object) (asYAML, asJSON string) {
	t.Helper()
	y, err := EncodeYAML(objects)
	if err != nil {
		t.Fatal(err)
	}
	j, err := EncodeJSON(objects)
	if err != nil {
		t.Fatal(err)
	}
	return y.Reveal(), j.Reveal()
}

func TestManifest(t *testing.T) {
	for range 20 { // maps have another order each time
		object, err := testManifest().Object()
		if err != nil {
			t.Fatal(err)
		}
		asYAML, asJSON := encodeBoth(t, object)
		if asYAML != testYAML || asJSON != testJSON {
			t.Fatalf("got\n%s\n%s", asYAML, asJSON)
		}
		if shown := fmt.Sprintf("%v %+v %#v %v", object, object, object, testManifest()); strings.Contains(shown, "c4n4ry") || strings.Contains(shown, "eyJ") {
			t.Errorf("it is shown: %s", shown)
		}
	}
}

func TestManifestOfLittle(t *testing.T) {
	object, err := Manifest{Name: "a", Config: provider.NewSecret("{}")}.Object()
	if err != nil {
		t.Fatal(err)
	}
	other, err := Manifest{Name: "b", Namespace: "n", Config: provider.NewSecret("{}")}.Object()
	if err != nil {
		t.Fatal(err)
	}
	const rest = "type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: e30=\n"
	asYAML, asJSON := encodeBoth(t, object, other)
	if want := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n" + rest + "---\n" +
		"apiVersion: v1\nkind: Secret\nmetadata:\n  name: b\n  namespace: \"n\"\n" + rest; asYAML != want {
		t.Errorf("got\n%s", asYAML)
	}
	var list struct {
		APIVersion, Kind string
		Items            []struct {
			Metadata struct{ Name, Namespace string }
		}
	}
	if err := json.Unmarshal([]byte(asJSON), &list); err != nil {
		t.Fatal(err)
	}
	if list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) != 2 || list.Items[0].Metadata.Name != "a" || list.Items[1].Metadata.Namespace != "n" {
		t.Errorf("got\n%s", asJSON)
	}
}

// TestText reads strings back that YAML has other meanings for, and asks that those are in
// quotes which YAML 1.1, that of kubectl, takes for something else.
func TestText(t *testing.T) {
	for _, value := range []string{
		"", "~", "null", "Null", "y", "N", "yes", "No", "ON", "off", "true", "False", "1", "01", "1_000", "0x1f", "1e3", "-1", "+1", ".5", ".inf", ".NaN",
		"1:30", "2026-10-05", "2026-10-05T12:00:00Z", "<<", "=", "-", "- a", "a: b", "a:", "a #b", "#", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "'", `"`, `\`,
		"[a]", "{a}", "a, b", "?", "? a", "---", "...", " a", "a ", "a\tb", "a\nb", "\n", "a\r\n", "\u0085", "\u2028", "\ufeff", "\x01", "\x7f", "é", "😀", "<&>",
		strings.Repeat("long ", 100), strings.Repeat("long", 1000),
	} {
		object := Object{mapping("k", text(value))}
		asYAML, asJSON := encodeBoth(t, object)
		var fromYAML, fromJSON map[string]any
		if err := yaml.Unmarshal([]byte(asYAML), &fromYAML); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if err := json.Unmarshal([]byte(asJSON), &fromJSON); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		want := map[string]any{"k": value}
		if !reflect.DeepEqual(fromYAML, want) || !reflect.DeepEqual(fromJSON, want) {
			t.Errorf("%q became %v and %v, by\n%s%s", value, fromYAML, fromJSON, asYAML, asJSON)
		}
		if strings.Count(asYAML, "\n") != 1 {
			t.Errorf("%q is not on one line:\n%s", value, asYAML)
		}
		if len(value) < 20 && !strings.HasPrefix(asYAML, `k: "`) {
			t.Errorf("%q is not in quotes: %s", value, asYAML)
		}
	}
}

func TestManifestErrors(t *testing.T) {
	for _, test := range []struct {
		change func(*Manifest)
		want   string
	}{
		{func(m *Manifest) { m.Name = "" }, kubename.CheckName("").Error()},
		{func(m *Manifest) { m.Namespace = "a.b" }, kubename.CheckNamespace("a.b").Error()},
		{func(m *Manifest) { m.Labels["x y"] = "" }, kubename.CheckLabel("x y", "").Error()},
		{func(m *Manifest) { m.Labels["x"] = "-" }, kubename.CheckLabel("x", "-").Error()},
		{func(m *Manifest) { m.Annotations["x/y/z"] = "" }, `annotation "x/y/z": must not have more than one slash`},
		{func(m *Manifest) { m.Annotations["x"] = "a\xff" }, `annotation x: the value must be UTF-8`},
		{func(m *Manifest) { m.Annotations = map[string]string{"xy": strings.Repeat("z", 256<<10-1)} },
			`annotations: 262145 bytes are more than the 262144 that a Secret may have`},
		{func(m *Manifest) { m.Config = provider.NewSecret(`{"c4n4ry":"` + strings.Repeat("z", 1<<20) + `"}`) },
			`data: 1048589 bytes are more than the 1048576 that a Secret may have`},
		{func(m *Manifest) { m.Config = provider.NewSecret(`["c4n4ry"]`) }, "data: the content of .dockerconfigjson must be a JSON object"},
		{func(m *Manifest) { m.Config = provider.Secret{} }, "data: the content of .dockerconfigjson must be a JSON object"},
	} {
		m := testManifest()
		test.change(&m)
		if _, err := m.Object(); err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	m := testManifest()
	m.Annotations = map[string]string{"xy": strings.Repeat("z", 256<<10-2)}
	m.Config = provider.NewSecret(`{"":"` + strings.Repeat("z", 1<<20-7) + `"}`)
	if _, err := m.Object(); err != nil {
		t.Errorf("at the limits: %v", err)
	}
}
