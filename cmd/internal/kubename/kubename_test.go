package kubename

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// names are good and bad as names, namespaces, keys and values.
func names() []string {
	long := func(n int) string { return strings.Repeat("a", n) }
	return []string{
		"", "a", "0", "A", "-", ".", "_", "/", " ", "a-b", "a--b", "a.b", "a..b", "a_b", "a/b", "a/b/c", "/a", "a/",
		"-a", "a-", ".a", "a.", "_a", "a_", "a-.b", "a.-b", "aB", "Aa", "1.2", "a b", "a\n", "\na", "a\x00", "ä", "K", "\xff",
		"pullpass/expires-at", "kubectl.kubernetes.io/last-applied-configuration", "Example.com/a", "example.com/A", "exa_mple.com/a",
		"example..com/a", "-example.com/a", "K8s.io/a", "xn--a.example/b", "a.b/-c", "a.b/c-", "a.b/c.d_e-F",
		long(63), long(64), long(253), long(254), long(62) + "-", long(63) + ".a", long(64) + ".a", long(251) + ".a", long(252) + ".a",
		long(253) + "/a", long(254) + "/a", "a/" + long(63), "a/" + long(64), "A/" + long(63),
	}
}

// differ fails the test where our rules and those of the API server do not agree.
func differ(t *testing.T, name, other string) {
	t.Helper()
	path := field.NewPath("metadata")
	for _, test := range []struct {
		what     string
		ours     error
		refusals int
	}{
		{"name", CheckName(name), len(validation.NameIsDNSSubdomain(name, false))},
		{"account", CheckName(name), len(validation.ValidateServiceAccountName(name, false))},
		{"namespace", CheckNamespace(name), len(validation.ValidateNamespaceName(name, false))},
		{"label", CheckLabel(name, other), len(metavalidation.ValidateLabels(map[string]string{name: other}, path))},
		{"annotation", CheckAnnotationKey(name), len(validation.ValidateAnnotations(map[string]string{name: other}, path))},
	} {
		if (test.ours != nil) != (test.refusals > 0) {
			t.Errorf("%s %q (%q): ours %v, the API server refuses it %d times", test.what, name, other, test.ours, test.refusals)
		}
	}
}

func TestNamesAsTheAPIServer(t *testing.T) {
	for _, name := range names() {
		for _, other := range names() {
			differ(t, name, other)
		}
	}
}

func FuzzNames(f *testing.F) {
	for i, name := range names() {
		f.Add(name, names()[len(names())-1-i])
	}
	f.Fuzz(func(t *testing.T, name, other string) { differ(t, name, other) })
}

func TestNameErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{CheckName("Reg_cred"), `name "Reg_cred": must be lower-case letters, digits, - and ., each part between dots beginning and ending with a letter or digit`},
		{CheckName(strings.Repeat("a", 254)), `name "` + strings.Repeat("a", 80) + `": must not be longer than 253 bytes`},
		{CheckNamespace("team.a"), `namespace "team.a": must be lower-case letters, digits and -, beginning and ending with a letter or digit`},
		{CheckNamespace(strings.Repeat("a", 64)), `namespace "` + strings.Repeat("a", 64) + `": must not be longer than 63 bytes`},
		{CheckLabel("a/b/c", ""), `label "a/b/c": must not have more than one slash`},
		{CheckLabel("App.io/a", ""), `label "App.io/a": the part before the slash must be lower-case letters, digits, - and ., each part between dots beginning and ending with a letter or digit`},
		{CheckLabel("", ""), `label "": the name must be letters, digits, -, _ and ., beginning and ending with a letter or digit`},
		{CheckLabel("app", "a b"), `label app: the value "a b" must be letters, digits, -, _ and ., beginning and ending with a letter or digit`},
		{CheckLabel("app", strings.Repeat("a", 64)), `label app: the value "` + strings.Repeat("a", 64) + `" must not be longer than 63 bytes`},
		{CheckAnnotationKey("a/" + strings.Repeat("b", 64)), `annotation "a/` + strings.Repeat("b", 64) + `": the name must not be longer than 63 bytes`},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", test.err, test.want)
		}
	}
}
