//go:build e2e

package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/integration/cluster"
)

// levels are those of the Pod Security Standards, the strictest first.
var levels = []string{"restricted", "baseline", "privileged"}

// levelNamespace has places for a level.
const levelNamespace = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s, labels: {pod-security.kubernetes.io/enforce: %[1]s}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: pullpass, namespace: %[1]s}
`

// A claim is a pod with the strictest level that it claims to keep to.
type claim struct {
	pod   *corev1.Pod
	level string
}

// testLevels checks that the pods among manifests are let into the namespaces of the level that
// they claim and of weaker ones, and not into those of stricter ones.
func testLevels(t *testing.T, admin *cluster.Client, all map[string]string) {
	var claims []claim
	for path, manifests := range all {
		claims = append(claims, claimsOf(t, strings.ReplaceAll(path, "/", "-"), manifests)...)
	}
	for _, level := range levels {
		if level != "baseline" && !slices.ContainsFunc(claims, func(c claim) bool { return c.level == level }) {
			t.Errorf("no pod claims to be %s", level)
		}
	}
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			createAll(t, admin, "", fmt.Sprintf(levelNamespace, level))
			for _, c := range claims {
				code, answer, err := admin.Ask(t.Context(), http.MethodPost, admin.Path(t, "v1", "Pod", level)+"?dryRun=All", cluster.JSON, toJSON(t, c.pod))
				if err != nil {
					t.Fatal(err)
				}
				taken := code == http.StatusCreated
				violates := code == http.StatusForbidden && strings.Contains(string(answer), fmt.Sprintf(`violates PodSecurity \"%s:latest\"`, level))
				if stricter := slices.Index(levels, level) < slices.Index(levels, c.level); taken == stricter || violates != stricter {
					t.Errorf("%s claims to be %s, and is let in: %t, violates the level: %t: %s", c.pod.Name, c.level, taken, violates, answer)
				}
			}
		})
	}
}

// claimsOf returns the pods that manifests make: that of a DaemonSet claims what its namespace
// does, that of a job to be restricted.
func claimsOf(t *testing.T, name, manifests string) []claim {
	t.Helper()
	var claims []claim
	for _, job := range parseAll[batchv1.CronJob](t, manifests) {
		if job.Kind == "CronJob" {
			claims = append(claims, claim{newPod(name, "", job.Spec.JobTemplate.Spec.Template), "restricted"})
		}
	}
	for _, namespace := range parseAll[corev1.Namespace](t, manifests) {
		if namespace.Kind == "Namespace" {
			pod := daemonPod(t, manifests)
			pod.Name, pod.Namespace = name, ""
			claims = append(claims, claim{pod, namespace.Labels["pod-security.kubernetes.io/enforce"]})
		}
	}
	return claims
}
