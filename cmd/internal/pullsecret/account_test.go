package pullsecret

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// liveAccount is what kubectl get serviceaccount builder -n team -o yaml prints.
const liveAccount = `apiVersion: v1
automountServiceAccountToken: false
imagePullSecrets:
- name: mirror
- name: "123"
kind: ServiceAccount
metadata:
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/builder
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"ServiceAccount","metadata":{"annotations":{},"name":"builder","namespace":"team"}}
  creationTimestamp: "2026-09-01T08:00:00Z"
  generation: 3
  labels:
    enabled: "yes"
  managedFields:
  - apiVersion: v1
    fieldsType: FieldsV1
    fieldsV1:
      f:imagePullSecrets: {}
    manager: kubectl
    operation: Update
  name: builder
  namespace: team
  ownerReferences:
  - apiVersion: example.com/v1
    blockOwnerDeletion: true
    kind: Team
    name: team
    uid: 0f9a8a0e-3c1b-4f0a-9d53-0b2a6d6a7b11
  resourceVersion: "4711"
  selfLink: /api/v1/namespaces/team/serviceaccounts/builder
  uid: 6f1fbd3c-3a7c-4a1e-8f5e-6e7e0f6b9a55
secrets:
- name: builder-dockercfg-x7k2p
`

const attachedAccount = `apiVersion: v1
automountServiceAccountToken: false
imagePullSecrets:
  - name: mirror
  - name: "123"
  - name: regcred
kind: ServiceAccount
metadata:
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/builder
  labels:
    enabled: "yes"
  name: builder
  namespace: team
  ownerReferences:
    - apiVersion: example.com/v1
      blockOwnerDeletion: true
      kind: Team
      name: team
      uid: "0f9a8a0e-3c1b-4f0a-9d53-0b2a6d6a7b11"
  resourceVersion: "4711"
secrets:
  - name: builder-dockercfg-x7k2p
`

func parseAccounts(t *testing.T, data string) Accounts {
	t.Helper()
	accounts, err := ParseAccounts("accounts.yaml", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

func attach(t *testing.T, a Accounts, namespace, name, secretName string) (asYAML string, attached bool) {
	t.Helper()
	object, attached, err := a.Attach(namespace, name, secretName)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, _ = encodeBoth(t, object)
	return asYAML, attached
}

func TestAttach(t *testing.T) {
	accounts := parseAccounts(t, liveAccount)
	for range 2 { // the first leaves the account as it was
		if got, attached := attach(t, accounts, "team", "builder", "regcred"); attached || got != attachedAccount {
			t.Errorf("attached %v, got\n%s", attached, got)
		}
	}
	again := parseAccounts(t, attachedAccount)
	if _, attached := attach(t, again, "team", "builder", "regcred"); !attached {
		t.Error("it is attached twice")
	}
	if got, attached := attach(t, accounts, "team", "builder", "123"); !attached || strings.Contains(got, "regcred") {
		t.Errorf("attached %v, got\n%s", attached, got)
	}
}

// TestAttachWithoutARecord: where client-side apply has no record, the manifest holds the list
// alone, and a manifest of the owner's stays whole.
func TestAttachWithoutARecord(t *testing.T) {
	const list = "imagePullSecrets:\n  - name: mirror\n  - name: \"123\"\n"
	live := attachedAccount[:strings.Index(attachedAccount, "  - name: regcred")] + attachedAccount[strings.Index(attachedAccount, "kind:"):]
	got, _ := attach(t, parseAccounts(t, live), "team", "builder", "regcred")
	if want := "apiVersion: v1\n" + list + "  - name: regcred\nkind: ServiceAccount\nmetadata:\n  name: builder\n  namespace: team\n  resourceVersion: \"4711\"\n"; got != want {
		t.Errorf("got\n%s", got)
	}
	owners := strings.Replace(live, "  resourceVersion: \"4711\"\n", "", 1)
	got, _ = attach(t, parseAccounts(t, owners), "team", "builder", "regcred")
	if want := strings.Replace(attachedAccount, "  resourceVersion: \"4711\"\n", "", 1); got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestAttachOfJSON reads what -o json prints, and the YAML of the same, and gets the same.
func TestAttachOfJSON(t *testing.T) {
	asJSON := toJSON(t, liveAccount)
	for _, data := range []string{
		asJSON,
		strings.ReplaceAll(asJSON, "  ", "\t"),
		"\ufeff" + strings.ReplaceAll(asJSON, "\n", "\r\n"),
		`{"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": ""}, "items": [` + asJSON + `]}`,
		// What the API itself gives: the items do not say what they are.
		`{"kind": "ServiceAccountList", "apiVersion": "v1", "items": [` + withoutKind(t, asJSON) + `]}`,
	} {
		got, _ := attach(t, parseAccounts(t, data), "team", "builder", "regcred")
		var gotObject, want any
		if err := json.Unmarshal([]byte(toJSON(t, got)), &gotObject); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(toJSON(t, attachedAccount)), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(gotObject, want) {
			t.Errorf("of\n%s\ncame\n%s", data, got)
		}
	}
}

// toJSON writes a service account of YAML as JSON.
func toJSON(t *testing.T, asYAML string) string {
	t.Helper()
	objects, err := read("account.yaml", []byte(asYAML), "ServiceAccount")
	if err != nil || len(objects) != 1 {
		t.Fatal(err)
	}
	_, asJSON := encodeBoth(t, Object{objects[0].Node})
	return asJSON
}

func withoutKind(t *testing.T, object string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "kind")
	delete(fields, "apiVersion")
	rest, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}

func TestAttachToLittle(t *testing.T) {
	const bare = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n"
	const list = "imagePullSecrets:\n  - name: regcred\n"
	for _, test := range []struct{ file, namespace, want string }{
		{bare, "", bare + list},
		{bare, "team", bare + "  namespace: team\n" + list}, // it goes where the Secret goes
		{bare + "  namespace: ''\n", "team", bare + "  namespace: team\n" + list},
		{bare + "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n  uid: x\n", "", bare + list},
		{bare + "  annotations: {}\n", "", bare + list},
		{bare + "  annotations:\n", "", bare + list},
		{bare + "imagePullSecrets: []\n", "", bare + list},
		{bare + "imagePullSecrets: null\n", "", bare + list},
		{bare + "secrets: []\n", "", bare + "secrets: []\n" + list},
		// The API server takes an entry without a name.
		{bare + "imagePullSecrets: [{}, {name: x}]\n", "", bare + "imagePullSecrets:\n  - {}\n  - name: x\n  - name: regcred\n"},
		{"# git's own\n---\n" + bare + "---\n# nothing\n---\napiVersion: v1\nkind: Pod\nspec: &a [*a]\n", "", bare + list},
	} {
		if got, _ := attach(t, parseAccounts(t, test.file), test.namespace, "a", "regcred"); got != test.want {
			t.Errorf("of\n%s\ncame\n%s", test.file, got)
		}
	}
}

func TestAttachChoosesByNamespace(t *testing.T) {
	accounts := parseAccounts(t, `{apiVersion: v1, kind: List, items: [
  {apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: a, resourceVersion: "1"}},
  {apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: b, resourceVersion: "2"}},
  {apiVersion: v1, kind: ServiceAccount, metadata: {name: other, namespace: a}}]}`)
	for namespace, version := range map[string]string{"a": `"1"`, "b": `"2"`} {
		if got, _ := attach(t, accounts, namespace, "default", "regcred"); !strings.Contains(got, "resourceVersion: "+version) {
			t.Errorf("in namespace %s it is\n%s", namespace, got)
		}
	}
	for _, test := range []struct{ namespace, name, err, hint string }{
		{"c", "default", "attach to service account c/default: it is not in accounts.yaml", "give what this prints: kubectl get serviceaccount default -n c -o yaml"},
		{"b", "other", "attach to service account b/other: it is not in accounts.yaml", "give what this prints: kubectl get serviceaccount other -n b -o yaml"},
		{"", "third", "attach to service account third: it is not in accounts.yaml", "give what this prints: kubectl get serviceaccount third -o yaml"},
		{"", "other", "attach to service account other: in accounts.yaml it is in namespace a, and no namespace is asked for", "name the namespace: -n a"},
	} {
		_, _, err := accounts.Attach(test.namespace, test.name, "regcred")
		if err == nil || err.Error() != test.err || provider.Hint(err) != test.hint {
			t.Errorf("got %v, hint %q", err, provider.Hint(err))
		}
	}
}

func TestParseAccountsBad(t *testing.T) {
	const head = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n"
	for _, test := range []struct{ file, err string }{
		{"", " there is no service account in it"},
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", " there is no service account in it"},
		{"apiVersion: v1\nkind: List\nitems: []\n", " there is no service account in it"},
		{"apiVersion: example.com/v1\nkind: ServiceAccount\n", " there is no service account in it"},
		{head + "---\n" + head, "9: metadata.name: service account a is given twice"},
		{head + "imagePullSecrets: regcred\n", "5: imagePullSecrets: must be a list, is a string"},
		{head + "imagePullSecrets: {name: regcred}\n", "5: imagePullSecrets: must be a list, is a mapping"},
		{head + "imagePullSecrets:\n- regcred\n", "6: imagePullSecrets[0]: must be a mapping, is a string"},
		{head + "imagePullSecrets:\n- name: a\n-\n", "7: imagePullSecrets[1]: must be a mapping, is empty"},
		{head + "imagePullSecrets:\n- name: 1\n", "6: imagePullSecrets[0].name: must be a string, is a number"},
		{head + "imagePullSecrets:\n- name: a\n  namespace: b\n", "7: imagePullSecrets[0].namespace: unknown field, known is name"},
		{head + "imagePullSecrets: []\nimagePullSecrets: []\n", "6: imagePullSecrets: given twice, first on line 5"},
		{head + "  annotations: [a]\n", "5: metadata.annotations: must be a mapping, is a list"},
		{head + "  annotations: {a/b: 1}\n", `5: metadata.annotations: must be a string, is a number`},
		{"apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  namespace: a\n", "3: metadata.name: missing"},
		{"apiVersion: v1\nkind: ServiceAccount\n", "1: metadata.name: missing"},
		{"apiVersion: v1\nkind: ServiceAccount\nmetadata: a\n", "3: metadata: must be a mapping, is a string"},
		{"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: 1}\n", "3: metadata.name: must be a string, is a number"},
	} {
		_, err := ParseAccounts("a.yaml", []byte(test.file))
		if err == nil || err.Error() != "a.yaml:"+test.err {
			t.Errorf("of\n%s\ncomes %v", test.file, err)
		}
	}
}
