//go:build e2e

package e2e_test

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/integration/cluster"
)

// applies are the ways to apply what is on stdin.
var applies = map[string][]string{
	"client-side": {"apply", "-f", "-"},
	"server-side": {"apply", "--server-side", "-f", "-"},
}

// testSecret applies Secrets as they come from pullpass.
func testSecret(t *testing.T, admin *cluster.Client) {
	pullpass := newIssuer(t)
	for way, apply := range applies {
		t.Run(way, func(t *testing.T) {
			namespace := newNamespace(t, admin, way)
			t.Run("rotation", func(t *testing.T) { testRotation(t, admin, pullpass, apply, namespace) })
			t.Run("two at once", func(t *testing.T) { testTwoAtOnce(t, admin, pullpass, apply, namespace) })
		})
	}
	t.Run("in place of kubectl's", func(t *testing.T) { testTakeover(t, admin, pullpass) })
}

func newNamespace(t *testing.T, admin *cluster.Client, name string) string {
	t.Helper()
	createAll(t, admin, "", `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "`+name+`"}}`)
	return name
}

// newAccount makes the namespace's account default, which a controller makes in a whole cluster.
func newAccount(t *testing.T, admin *cluster.Client, namespace string) {
	t.Helper()
	createAll(t, admin, namespace, `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}`)
}

// deleteSecret deletes a Secret, if it is there.
func deleteSecret(t *testing.T, admin *cluster.Client, namespace, name string) {
	t.Helper()
	code, answer, err := admin.Ask(t.Context(), http.MethodDelete, admin.Path(t, "v1", "Secret", namespace)+"/"+name, cluster.JSON, "")
	if err != nil || code >= http.StatusBadRequest && code != http.StatusNotFound {
		t.Fatalf("delete the Secret: %d, %v\n%s", code, err, answer)
	}
}

// testRotation applies a Secret, the same again, and one with a new token.
func testRotation(t *testing.T, admin *cluster.Client, pullpass *issuer, apply []string, namespace string) {
	pullpass.rotate(t, 11*time.Hour)
	manifest := pullpass.secret(t, namespace)
	admin.Kubectl(t, manifest, apply...)
	first := get[secret](t, admin, "Secret", namespace, "regcred")
	holds(t, first, manifest)
	if !pullpass.aws.Login("AWS", first.password(t, ecrHost)) {
		t.Error("the registry does not take the Secret's login")
	}

	admin.Kubectl(t, pullpass.secret(t, namespace), apply...)
	if again := get[secret](t, admin, "Secret", namespace, "regcred"); !reflect.DeepEqual(again, first) {
		t.Error("to apply the same token again changed the Secret")
	}

	pullpass.rotate(t, 12*time.Hour) // the most that ECR gives
	manifest = pullpass.secret(t, namespace)
	admin.Kubectl(t, manifest, apply...)
	rotated := get[secret](t, admin, "Secret", namespace, "regcred")
	holds(t, rotated, manifest)
	password := rotated.password(t, ecrHost)
	if password == first.password(t, ecrHost) || !pullpass.aws.Login("AWS", password) {
		t.Error("the rotated Secret's login is not a new one that the registry takes")
	}
	if rotated.Metadata.UID != first.Metadata.UID {
		t.Error("the Secret has another UID: it was deleted and made anew")
	}
	for _, annotation := range []string{"pullpass/expires-at", "pullpass/refresh-after"} {
		if at, was := expiry(t, rotated, annotation), expiry(t, first, annotation); !at.After(was) {
			t.Errorf("%s was %v and is %v", annotation, was, at)
		}
	}
}

// holds checks that a Secret of the cluster is what a manifest says, as a whole.
func holds(t *testing.T, got secret, manifest string) {
	t.Helper()
	if !matches(got, parse[secret](t, manifest)) {
		t.Errorf("the Secret is not what was applied; its annotations are %v", got.Metadata.Annotations)
	}
}

func matches(got, want secret) bool {
	annotations := maps.Clone(got.Metadata.Annotations)
	delete(annotations, lastApplied)
	return string(got.Data.Config) == string(want.Data.Config) && got.Type == want.Type &&
		maps.Equal(annotations, want.Metadata.Annotations) && maps.Equal(got.Metadata.Labels, want.Metadata.Labels)
}

// lastApplied is where client-side apply keeps what it applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func expiry(t *testing.T, s secret, annotation string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s.Metadata.Annotations[annotation])
	if err != nil {
		t.Fatalf("%s: %v", annotation, err)
	}
	return at
}

// testTwoAtOnce applies two Secrets at the same time, first where there is none and then over
// one. Each is applied or is refused for the other's sake, and one of them is there as a whole.
func testTwoAtOnce(t *testing.T, admin *cluster.Client, pullpass *issuer, apply []string, namespace string) {
	deleteSecret(t, admin, namespace, "regcred")
	for round := range 3 {
		var manifests [2]string
		for i := range manifests {
			// No two have the same annotations, also if the rounds take less than a second: a client-side
			// apply leaves out what the Secret has already, and the other apply may change just that.
			pullpass.rotate(t, time.Duration(6+2*round+i)*time.Hour)
			manifests[i] = pullpass.secret(t, namespace)
		}
		var results [2]cluster.Result
		var group sync.WaitGroup
		for i := range manifests {
			group.Go(func() { results[i] = admin.Run(t.Context(), manifests[i], apply...) })
		}
		group.Wait()

		got := get[secret](t, admin, "Secret", namespace, "regcred")
		whole := false
		for i, r := range results {
			whole = whole || r.Code == 0 && matches(got, parse[secret](t, manifests[i]))
			if r.Code != 0 && !strings.Contains(r.Stderr, "(AlreadyExists)") && !strings.Contains(r.Stderr, "onflict") {
				t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
			}
		}
		if !whole {
			t.Error("the Secret is none of the two whose apply succeeded")
		}
		t.Logf("exit codes %d and %d", results[0].Code, results[1].Code)
	}
}

// testTakeover applies over a Secret that kubectl create made, as the usual guides do.
func testTakeover(t *testing.T, admin *cluster.Client, pullpass *issuer) {
	for way, apply := range applies {
		t.Run(way, func(t *testing.T) {
			namespace := newNamespace(t, admin, "takeover-"+way)
			admin.Kubectl(t, "", "create", "secret", "docker-registry", "regcred", "-n", namespace,
				"--docker-server="+ecrHost, "--docker-username=AWS", "--docker-password=old")
			before := get[secret](t, admin, "Secret", namespace, "regcred")
			manifest := pullpass.secret(t, namespace)
			if way == "server-side" {
				// The content is another field manager's, and has to be taken from it.
				refused(t, admin, manifest, `conflict with "kubectl-create"`, apply...)
				if got := get[secret](t, admin, "Secret", namespace, "regcred"); !reflect.DeepEqual(got, before) {
					t.Error("an apply that was refused changed the Secret")
				}
				apply = append(slices.Clone(apply), "--force-conflicts")
			}
			admin.Kubectl(t, manifest, apply...)
			after := get[secret](t, admin, "Secret", namespace, "regcred")
			holds(t, after, manifest)
			if after.Metadata.UID != before.Metadata.UID {
				t.Error("the Secret has another UID: it was deleted and made anew")
			}
		})
	}
}

// refused checks that kubectl fails, with a reason.
func refused(t *testing.T, user *cluster.Client, stdin, reason string, args ...string) {
	t.Helper()
	if r := user.Run(t.Context(), stdin, args...); r.Code == 0 || !strings.Contains(r.Stderr, reason) {
		t.Errorf("kubectl %s: exit code %d, want one with %q\n%s", strings.Join(args, " "), r.Code, reason, r.Stderr)
	}
}
