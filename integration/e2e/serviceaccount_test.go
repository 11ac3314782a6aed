//go:build e2e

package e2e_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/integration/cluster"
)

// testServiceAccount attaches a Secret to service accounts that have pull secrets already.
func testServiceAccount(t *testing.T, admin *cluster.Client) {
	pullpass := newIssuer(t)
	t.Run("naive", func(t *testing.T) { testNaive(t, admin) })
	t.Run("pullpass", func(t *testing.T) { testAttach(t, admin, pullpass) })
	t.Run("owner", func(t *testing.T) { testOwner(t, admin, pullpass) })
	t.Run("by hand", func(t *testing.T) { testByHand(t, admin) })
}

const others = "first second" // the pull secrets that are there

// setPullSecrets gives the account default these pull secrets, as its only ones.
func setPullSecrets(t *testing.T, admin *cluster.Client, namespace, names string) {
	t.Helper()
	admin.Do(t, http.MethodPatch, admin.Path(t, "v1", "ServiceAccount", namespace)+"/default", cluster.MergePatch, `{"imagePullSecrets": [`+entries(names)+`]}`)
}

func entries(names string) string {
	var list []string
	for _, name := range strings.Fields(names) {
		list = append(list, `{"name": "`+name+`"}`)
	}
	return strings.Join(list, ", ")
}

// has checks the pull secrets of the account default, and returns it.
func has(t *testing.T, admin *cluster.Client, namespace, want string) serviceAccount {
	t.Helper()
	account := get[serviceAccount](t, admin, "ServiceAccount", namespace, "default")
	if got := strings.Join(account.pullSecrets(), " "); got != want {
		t.Errorf("the account's pull secrets are %q, want %q", got, want)
	}
	return account
}

const naive = `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}, "imagePullSecrets": [{"name": "regcred"}]}`

// conflict is what server-side apply says when the list is another field manager's.
const conflict = "using v1: .imagePullSecrets"

// testNaive shows what becomes of the other pull secrets in the ways of the usual guides: the
// list is atomic, and the new one replaces it.
func testNaive(t *testing.T, admin *cluster.Client) {
	for name, c := range map[string]struct {
		stdin  string
		args   []string
		reason string // why it is refused
	}{
		"patch":             {"", []string{"patch", "serviceaccount", "default", "-p", `{"imagePullSecrets": [{"name": "regcred"}]}`}, ""},
		"client-side":       {naive, []string{"apply", "-f", "-"}, ""},
		"server-side":       {naive, []string{"apply", "--server-side", "-f", "-"}, conflict},
		"server-side-force": {naive, []string{"apply", "--server-side", "--force-conflicts", "-f", "-"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := newNamespace(t, admin, "naive-"+name)
			newAccount(t, admin, namespace)
			setPullSecrets(t, admin, namespace, others)
			args := append(slices.Clone(c.args), "-n", namespace)
			if c.reason != "" {
				refused(t, admin, c.stdin, c.reason, args...)
				has(t, admin, namespace, others)
				return
			}
			admin.Kubectl(t, c.stdin, args...)
			has(t, admin, namespace, "regcred")
		})
	}
}

// attaches are the ways to apply the account as pullpass writes it. By force, since the list is
// another field manager's, and without loss, since all of the list is in it.
var attaches = map[string][]string{
	"client-side": {"apply", "-f", "-"},
	"server-side": {"apply", "--server-side", "--force-conflicts", "-f", "-"},
	"own-manager": {"apply", "--server-side", "--force-conflicts", "--field-manager=pullpass", "-f", "-"},
}

// origins are the ways in which an account has come to be.
var origins = map[string][]string{
	"created":             {"create", "-f", "-"},
	"client-side-applied": {"apply", "-f", "-"},
	"server-side-applied": {"apply", "--server-side", "-f", "-"},
}

// testAttach has pullpass attach the Secret, in all ways to accounts of all origins.
func testAttach(t *testing.T, admin *cluster.Client, pullpass *issuer) {
	for origin, create := range origins {
		for way, apply := range attaches {
			if origin == "server-side-applied" && way == "server-side" {
				continue // with the owner's field manager: what the owner applied and this manifest lacks would go
			}
			t.Run(way+" to "+origin, func(t *testing.T) {
				t.Parallel()
				namespace := newNamespace(t, admin, way+"-to-"+origin)
				admin.Kubectl(t, `
apiVersion: v1
kind: ServiceAccount
metadata:
  name: default
  namespace: `+namespace+`
  labels: {team: acme, "app.kubernetes.io/part-of": "yes"}
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/pull", note: "line one\nline two"}
automountServiceAccountToken: false
imagePullSecrets: [`+entries(others)+`]
`, create...)
				attachTwice(t, admin, pullpass, apply, namespace)
				if origin == "created" {
					attachStale(t, admin, pullpass, apply, namespace)
				}
			})
		}
	}
}

// attachTwice attaches the Secret and checks that nothing else changes, and does it again.
func attachTwice(t *testing.T, admin *cluster.Client, pullpass *issuer, apply []string, namespace string) {
	t.Helper()
	before := has(t, admin, namespace, others)
	manifests, _ := pullpass.attach(t, admin, namespace)
	admin.Kubectl(t, manifests, apply...)
	after := has(t, admin, namespace, others+" regcred")
	get[secret](t, admin, "Secret", namespace, "regcred").password(t, ecrHost)
	sameButPullSecrets(t, before, after)

	manifests, note := pullpass.attach(t, admin, namespace)
	if !strings.Contains(note, namespace+"/default has the pull secret regcred already") || strings.Contains(manifests, "ServiceAccount") {
		t.Errorf("the second run does not leave the account out; stderr:\n%s", note)
	}
	admin.Kubectl(t, manifests, apply...)
	if again := has(t, admin, namespace, others+" regcred"); again.Metadata.ResourceVersion != after.Metadata.ResourceVersion {
		t.Error("the second run changed the account")
	}
}

// attachStale has somebody change the account between get and apply.
func attachStale(t *testing.T, admin *cluster.Client, pullpass *issuer, apply []string, namespace string) {
	t.Helper()
	setPullSecrets(t, admin, namespace, others)
	manifests, _ := pullpass.attach(t, admin, namespace)
	setPullSecrets(t, admin, namespace, others+" third")
	refused(t, admin, manifests, "the object has been modified", apply...)
	before := has(t, admin, namespace, others+" third")
	manifests, _ = pullpass.attach(t, admin, namespace)
	admin.Kubectl(t, manifests, apply...)
	sameButPullSecrets(t, before, has(t, admin, namespace, others+" third regcred"))
}

// attach makes the manifests that attach the Secret to the account default as it is now, in the form in
// which kubectl get -o yaml prints it.
func (i *issuer) attach(t *testing.T, admin *cluster.Client, namespace string) (manifests, stderr string) {
	t.Helper()
	account := get[map[string]any](t, admin, "ServiceAccount", namespace, "default")
	delete(account["metadata"].(map[string]any), "managedFields")
	text, err := yaml.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	r := i.run(t, string(text), "secret", "regcred", "--registry", ecrHost, "-n", namespace, "--service-account", "default", "--service-account-file", "-")
	return r.Stdout, r.Stderr
}

func sameButPullSecrets(t *testing.T, before, after serviceAccount) {
	t.Helper()
	for _, account := range []serviceAccount{before, after} {
		delete(account.Metadata.Annotations, lastApplied)
	}
	if !maps.Equal(after.Metadata.Annotations, before.Metadata.Annotations) || !maps.Equal(after.Metadata.Labels, before.Metadata.Labels) ||
		after.Metadata.UID != before.Metadata.UID || after.Automount == nil || *after.Automount != *before.Automount {
		t.Errorf("the account was %+v and is %+v", before, after)
	}
}

// testOwner applies the owner's own manifest, which names no pull secrets, after the Secret has
// been attached. With the field manager that the owner uses as well, kubectl takes the list for one of
// the owner's fields, and gone from the manifest. With one of its own it stays, and the owner can
// still change and drop what is theirs.
func testOwner(t *testing.T, admin *cluster.Client, pullpass *issuer) {
	manifest := func(labels string) string {
		return `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "labels": {` + labels + `}}}`
	}
	for owner, ownApply := range applies {
		for way, want := range map[string]string{owner: "", "own-manager": others + " regcred"} {
			t.Run(way+" between "+owner, func(t *testing.T) {
				namespace := newNamespace(t, admin, way+"-between-"+owner)
				ownApply := append(slices.Clone(ownApply), "-n", namespace)
				admin.Kubectl(t, manifest(`"team": "acme"`), ownApply...)
				setPullSecrets(t, admin, namespace, others)
				manifests, _ := pullpass.attach(t, admin, namespace)
				admin.Kubectl(t, manifests, attaches[way]...)
				admin.Kubectl(t, manifest(`"team": "other"`), ownApply...)
				if got := has(t, admin, namespace, want).Metadata.Labels["team"]; got != "other" {
					t.Errorf("the owner cannot change the label: it is %q", got)
				}
				admin.Kubectl(t, manifest(""), ownApply...)
				if labels := has(t, admin, namespace, want).Metadata.Labels; len(labels) > 0 {
					t.Errorf("the owner cannot drop the label: %v", labels)
				}
			})
		}
	}
}

// testByHand applies the smallest manifest that names the Secret, server-side, as a field
// manager of its own and without force: it is right where there is no list, and harmless where
// there is one.
func testByHand(t *testing.T, admin *cluster.Client) {
	namespace := newNamespace(t, admin, "by-hand")
	apply := []string{"apply", "--server-side", "--field-manager=pullpass", "-n", namespace, "-f", "-"}
	newAccount(t, admin, namespace)
	admin.Kubectl(t, naive, apply...)
	has(t, admin, namespace, "regcred")
	admin.Kubectl(t, naive, apply...)
	has(t, admin, namespace, "regcred")

	setPullSecrets(t, admin, namespace, others)
	refused(t, admin, naive, conflict, apply...)
	has(t, admin, namespace, others)
}
