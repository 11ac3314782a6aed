package pullsecret

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

const secretHead = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"

// badSecrets are files with their errors, each after "s.yaml:". What they have of c4n4ry must
// not be in the error.
var badSecrets = [...]struct{ name, file, err string }{
	// Not YAML.
	{"not UTF-8", secretHead + "x: \xff\n", "5: not UTF-8"},
	{"UTF-16", "\xff\xfea\x00", "1: not UTF-8"},
	{"no colon", secretHead + "c4n4ry\nx: 1\n", "5: not YAML: could not find expected ':'"},
	{"colon in a value", secretHead + "type: c4n4ry: c4n4ry\n", "5: not YAML: mapping values are not allowed in this context"},
	{"tab", secretHead + "data:\n\tx: c4n4ry\n", "6: not YAML: found character that cannot start any token; YAML takes no tabs for indentation"},
	{"control character", secretHead + "x: c4n4ry\x01\n", "5: not YAML: control characters are not allowed"},
	{"open quote", secretHead + "data: {x: \"c4n4ry\n", "5: not YAML: found unexpected end of stream"},
	{"open bracket", `{"kind": "Secret", "data": {"x": "c4n4ry"`, "1: not YAML: did not find expected ',' or '}'"},
	{"unknown alias", secretHead + "data: *c4n4ry\n", "5: not YAML: an unknown anchor; a value that begins with * must be in quotes"},
	{"bad escape", secretHead + `data: {x: "c4n4ry\q"}`, "5: not YAML: found unknown escape character"},
	{"JSON without a comma", "{\n \"kind\": \"c4n4ry\"\n \"data\": {}}\n", "2: not YAML: did not find expected ',' or '}'"},

	// No Kubernetes object.
	{"empty", "", " there is no Secret in it"},
	{"comments", "# soon\n---\n---\n", " there is no Secret in it"},
	{"other kinds", "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n", " there is no Secret in it"},
	{"another Secret", "apiVersion: example.com/v1\nkind: Secret\n", " there is no Secret in it"},
	{"a config.json", `{"auths": {"ghcr.io": {"auth": "c4n4ry"}}}`, "1: kind: missing: this is a Docker config, not a Secret with one"},
	{"base64", "c4n4ry\n", "1: must be a Kubernetes object, is a string"},
	{"list", "- c4n4ry\n", "1: must be a Kubernetes object, is a list"},
	{"list of JSON", "[{\"kind\": \"Secret\"}]\n", "1: must be a Kubernetes object, is a list"},
	{"no kind", "apiVersion: v1\n", "1: kind: missing"},
	{"no apiVersion", "kind: Secret\n", "1: apiVersion: missing"},
	{"number for apiVersion", "apiVersion: 1\nkind: Secret\n", "1: apiVersion: must be a string, is a number"},
	{"list for a kind", "apiVersion: v1\nkind: [Secret]\n", "2: kind: must be a string, is a list"},
	{"text for items", "apiVersion: v1\nkind: List\nitems: c4n4ry\n", "3: items: must be a list, is a string"},
	{"text for an item", "apiVersion: v1\nkind: List\nitems:\n- c4n4ry\n", "4: items[0]: must be a Kubernetes object, is a string"},
	{"item without kind", "apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n", "4: items[0].kind: missing"},
	{"empty item", "apiVersion: v1\nkind: List\nitems:\n-\n", "4: items[0]: must be a Kubernetes object, is empty"},

	// No JSON.
	{"duplicate", secretHead + "data: {x: c4n4ry}\ntype: a\ndata: {}\n", "7: data: given twice, first on line 5"},
	{"duplicate key of data", secretHead + "data:\n  .dockerconfigjson: c4n4ry\n  .dockerconfigjson: c4n4ry\n", `7: data[".dockerconfigjson"]: given twice, first on line 6`},
	{"duplicate in JSON", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"a\",\n\"name\": \"b\"}}", "2: metadata.name: given twice, first on line 1"},
	{"anchor", secretHead + "data: &c4n4ry {x: c4n4ry}\n", "5: data: anchors and aliases are not supported"},
	{"alias", secretHead + "x: &c4n4ry c4n4ry\ndata: {y: *c4n4ry}\n", "5: x: anchors and aliases are not supported"},
	{"alias of another document", "apiVersion: v1\nkind: Pod\nx: &c4n4ry c4n4ry\n---\n" + secretHead + "data: *c4n4ry\n",
		"9: data: anchors and aliases are not supported"},
	{"cycle", secretHead + "data: &c4n4ry {x: *c4n4ry}\n", "5: data: anchors and aliases are not supported"},
	{"merge", secretHead + "data: {<<: {x: c4n4ry}}\n", "5: data: the name of a field must be a plain string"},
	{"merge as a value", secretHead + "data: {x: <<}\n", "5: data: merge keys are not supported"},
	{"tag", secretHead + "data: {x: !!binary c4n4ry}\n", "5: data: tags are not supported"},
	{"own tag", secretHead + "data: {x: !c4n4ry c4n4ry}\n", "5: data: tags are not supported"},
	{"number for a key", secretHead + "data: {1: c4n4ry}\n", "5: data: the name of a field must be a plain string"},
	{"mapping for a key", secretHead + "data:\n  ? {c4n4ry: c4n4ry}\n  : x\n", "6: data: the name of a field must be a plain string"},
	{"octal number", secretHead + "x: 0o17\n", "5: x: must be a decimal number or in quotes"},
	{"infinity", secretHead + "x: [1, .inf]\n", "5: x[1]: must be a decimal number or in quotes"},

	// Other types than a Secret's.
	{"no metadata", "apiVersion: v1\nkind: Secret\ndata: {}\n", "1: metadata.name: missing"},
	{"no name", "apiVersion: v1\nkind: Secret\nmetadata:\n  namespace: a\n", "3: metadata.name: missing"},
	{"null for a name", "apiVersion: v1\nkind: Secret\nmetadata:\n  name:\n", "4: metadata.name: missing"},
	{"list for metadata", "apiVersion: v1\nkind: Secret\nmetadata: [c4n4ry]\n", "3: metadata: must be a mapping, is a list"},
	{"number for a name", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: 1\n", "4: metadata.name: must be a string, is a number"},
	{"boolean for a namespace", secretHead + "  namespace: true\n", "5: metadata.namespace: must be a string, is true or false"},
	{"number for a type", secretHead + "type: 1.5\n", "5: type: must be a string, is a number"},
	{"number for a value", secretHead + "data: {x: 123}\n", "5: data: must be a string, is a number"},
	{"JSON for a value", secretHead + "data:\n  .dockerconfigjson: {auths: {c4n4ry: c4n4ry}}\n", `6: data[".dockerconfigjson"]: must be a string, is a mapping`},
	{"bytes for a value", secretHead + "data: {x: [99, 52]}\n", "5: data: must be a string, is a list"},
	{"text for data", secretHead + "data: c4n4ry\n", "5: data: must be a mapping, is a string"},
	{"boolean for stringData", secretHead + "stringData: {x: true}\n", "5: stringData: must be a string, is true or false"},
	{"number for an annotation", secretHead + "  annotations: {pullpass/expires-at: 1}\n", `5: metadata.annotations: must be a string, is a number`},
	{"text for immutable", secretHead + "immutable: c4n4ry\n", "5: immutable: must be true or false, is a string"},
	{"second of two", secretHead + "---\n" + secretHead + "data: {\"a\\e[1m\\n\": 1}\n", `10: data: must be a string, is a number`},
	{"item of a list", "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n  data: {x: 1}\n",
		"6: items[1].data: must be a string, is a number"},
	{"long key", secretHead + "data: {" + strings.Repeat("k", 100) + "/: 1}\n", "5: data: must be a string, is a number"},
}

func TestReadSecretsBad(t *testing.T) {
	for _, test := range badSecrets {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadSecrets("s.yaml", []byte(test.file))
			if want := "s.yaml:" + test.err; err == nil || err.Error() != want {
				t.Errorf("of\n%s\ncomes %v\nwant  %s", test.file, err, want)
			}
			if err != nil && strings.Contains(err.Error()+provider.Hint(err), "c4n4ry") {
				t.Errorf("the error %v quotes a value", err)
			}
		})
	}
}

func TestReadSecrets(t *testing.T) {
	const one = `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "n"}, "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}}`
	for name, file := range map[string]string{
		"JSON":                  one,
		"JSON with tabs":        strings.ReplaceAll(one, " ", "\t"),
		"byte order mark":       "\ufeff" + one,
		"lines of Windows":      "apiVersion: v1\r\nkind: Secret\r\nmetadata:\r\n  name: a\r\n  namespace: n\r\n",
		"List":                  `{"apiVersion": "v1", "kind": "List", "items": [` + one + `], "metadata": {"resourceVersion": ""}}`,
		"List of a List":        `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "List", "items": [` + one + `]}]}`,
		"SecretList":            `{"apiVersion": "v1", "kind": "SecretList", "items": [{"metadata": {"name": "a", "namespace": "n"}}]}`,
		"PodList and Secret":    `{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "b"}}]}` + "\n---\n" + one,
		"nulls":                 "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: n, annotations: null}\ntype: null\ndata:\nstringData: ~\nimmutable:\n",
		"date as an annotation": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: n\n  annotations: {pullpass/expires-at: 2026-10-05T12:00:00Z}\n",
	} {
		secrets, err := ReadSecrets("s.yaml", []byte(file))
		if err != nil || len(secrets) != 1 || secrets[0].Name != "a" || secrets[0].Namespace != "n" || secrets[0].String() != "n/a" {
			t.Errorf("%s: %v, %v", name, secrets, err)
		}
	}
}
