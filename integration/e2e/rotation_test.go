//go:build e2e

package e2e_test

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/pullpass/pullpass/integration/cluster"
)

// testRotations runs the CronJobs among manifests, with the rights of their account.
func testRotations(t *testing.T, c *cluster.Cluster, all map[string]string) {
	newNamespace(t, c.Admin, "elsewhere")
	k := startClouds(t, c)
	jobs, checked := 0, map[string]bool{}
	for path, manifests := range all {
		for _, job := range parseAll[batchv1.CronJob](t, manifests) {
			if job.Kind != "CronJob" || filepath.Base(path) == "base" { // which has no identity
				continue
			}
			jobs++
			t.Run(path, func(t *testing.T) {
				r := newRotation(t, c, k, manifests, job)
				defer deleteAll(t, c.Admin, job.Namespace, manifests) // the next has the same names
				r.test(t, filepath.Join(repository, path, "placeholder.yaml"))
				if rights := rightsOf(t, manifests); !checked[rights] {
					checked[rights] = true
					r.refusedBeyond(t)
				}
			})
		}
	}
	if jobs == 0 {
		t.Error("there is no CronJob")
	}
}

// rightsOf returns what the roles among manifests allow.
func rightsOf(t *testing.T, manifests string) string {
	t.Helper()
	var rights []string
	for _, role := range parseAll[rbacv1.Role](t, manifests) {
		if role.Kind == "Role" {
			rights = append(rights, fmt.Sprint(role.Namespace, role.Rules))
		}
	}
	return strings.Join(rights, "\n")
}

// A rotation is a CronJob that writes pull secrets.
type rotation struct {
	pod     *pod
	clouds  *clouds
	roleARN string // of its account, by IRSA
	admin   *cluster.Client
}

func newRotation(t *testing.T, c *cluster.Cluster, k *clouds, manifests string, job batchv1.CronJob) *rotation {
	t.Helper()
	applyAll(t, c.Admin, job.Namespace, manifests)
	r := &rotation{
		pod: &pod{
			cluster:    c,
			namespace:  job.Namespace,
			spec:       job.Spec.JobTemplate.Spec.Template.Spec,
			configMaps: parseAll[corev1.ConfigMap](t, manifests),
			secrets:    map[string]map[string]string{"ghcr-token": {"token": accessToken}},
		},
		clouds: k,
		admin:  c.Admin,
	}
	account := get[serviceAccount](t, r.admin, "ServiceAccount", r.pod.namespace, r.pod.spec.ServiceAccountName)
	r.roleARN = account.Metadata.Annotations["eks.amazonaws.com/role-arn"]
	return r
}

// test runs the job where there is no Secret, or the placeholder if that file exists, and then
// over what somebody else wrote.
func (r *rotation) test(t *testing.T, placeholder string) {
	content, err := os.ReadFile(placeholder)
	strict := err == nil
	if strict {
		createAll(t, r.admin, r.pod.namespace, string(content))
	}
	first := r.run(t)
	for _, s := range first {
		defer deleteSecret(t, r.admin, s.Metadata.Namespace, s.Metadata.Name)
		r.admin.Kubectl(t, emptySecret(s.Metadata.Namespace, s.Metadata.Name), "apply", "-f", "-")
	}
	for i, s := range r.run(t) {
		if s.Metadata.UID != first[i].Metadata.UID || string(s.Data.Config) == string(first[i].Data.Config) {
			t.Errorf("the Secret %s/%s is not the same one with another content", s.Metadata.Namespace, s.Metadata.Name)
		}
	}
	if strict {
		deleteSecret(t, r.admin, r.pod.namespace, first[0].Metadata.Name)
		if result := r.apply(t); result.Code == 0 || !strings.Contains(result.Stderr, "(Forbidden)") {
			t.Errorf("the job makes a Secret: exit code %d\n%s", result.Code, result.Stderr)
		}
	}
}

// run runs the job once, in a new pod, and returns the Secrets that it wrote.
func (r *rotation) run(t *testing.T) []secret {
	t.Helper()
	r.pod.start(t)
	env := r.clouds.identify(t, r.pod, r.roleARN)
	made := r.pod.run(t, r.pod.spec.InitContainers[0], env, "--jitter=0s")
	if made.Code != 0 {
		t.Fatalf("pullpass: exit code %d\n%s", made.Code, made.Stderr)
	}
	if applied := r.apply(t); applied.Code != 0 {
		t.Fatalf("kubectl: exit code %d\n%s", applied.Code, applied.Stderr)
	}
	var written []secret
	for _, want := range parseAll[secret](t, r.manifest(t)) {
		namespace := cmp.Or(want.Metadata.Namespace, r.pod.namespace)
		got := get[secret](t, r.admin, "Secret", namespace, want.Metadata.Name)
		if !matches(got, want) {
			t.Errorf("the Secret %s/%s is not what was applied", namespace, want.Metadata.Name)
		}
		for host, l := range got.logins(t) {
			if !r.clouds.login(l) && (host != "ghcr.io" || l != login{"acme", accessToken}) {
				t.Errorf("the registry does not take the login for %s", host)
			}
		}
		written = append(written, got)
	}
	return written
}

// apply runs the container with kubectl.
func (r *rotation) apply(t *testing.T) cluster.Result {
	t.Helper()
	return r.pod.run(t, r.pod.spec.Containers[0], nil)
}

// manifest returns what the container with pullpass has written.
func (r *rotation) manifest(t *testing.T) string {
	t.Helper()
	for _, argument := range r.pod.spec.InitContainers[0].Args {
		if path, found := strings.CutPrefix(argument, "--out="); found {
			content, err := os.ReadFile(filepath.Join(r.pod.root, path))
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		}
	}
	t.Fatal("pullpass has no --out")
	return ""
}

// refusedBeyond checks that the job's account may do no more than to apply the Secret.
func (r *rotation) refusedBeyond(t *testing.T) {
	t.Helper()
	name := parse[secret](t, r.manifest(t)).Metadata.Name
	user := r.pod.cluster.ServiceAccount(t, r.pod.namespace, r.pod.spec.ServiceAccountName)
	secrets := "/api/v1/namespaces/" + r.pod.namespace + "/secrets"
	accounts := "/api/v1/namespaces/" + r.pod.namespace + "/serviceaccounts"
	const server = "?fieldManager=kubectl" // for apply --server-side
	for _, call := range []struct{ method, path, contentType, body string }{
		{http.MethodPatch, secrets + "/other" + server, cluster.Apply, emptySecret(r.pod.namespace, "other")},
		{http.MethodPatch, "/api/v1/namespaces/elsewhere/secrets/" + name + server, cluster.Apply, emptySecret("elsewhere", name)},
		{http.MethodPost, secrets, cluster.JSON, emptySecret(r.pod.namespace, name)},
		{http.MethodPut, secrets + "/" + name, cluster.JSON, emptySecret(r.pod.namespace, name)},
		{http.MethodGet, secrets + "/" + name, cluster.JSON, ""},
		{http.MethodGet, secrets, cluster.JSON, ""},
		{http.MethodGet, "/api/v1/secrets", cluster.JSON, ""},
		{http.MethodDelete, secrets + "/" + name, cluster.JSON, ""},
		{http.MethodDelete, secrets, cluster.JSON, ""},
		{http.MethodPost, accounts + "/" + r.pod.spec.ServiceAccountName + "/token", cluster.JSON, `{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}`},
		{http.MethodGet, accounts, cluster.JSON, ""},
		{http.MethodPost, "/api/v1/namespaces/" + r.pod.namespace + "/configmaps", cluster.JSON, `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}`},
	} {
		code, answer, err := user.Ask(t.Context(), call.method, call.path, call.contentType, call.body)
		if err != nil || code != http.StatusForbidden || !strings.Contains(string(answer), "is forbidden: User") {
			t.Errorf("%s %s: %d, %v, want %d\n%s", call.method, call.path, code, err, http.StatusForbidden, answer)
		}
	}
}

// emptySecret is the manifest of a pull secret with no login.
func emptySecret(namespace, name string) string {
	return `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "` + name + `", "namespace": "` + namespace + `"},
		"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "eyJhdXRocyI6e319"}}`
}
