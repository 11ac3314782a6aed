package strictyaml

import "testing"

func TestSuggest(t *testing.T) {
	known := []string{"roleARN", "passwordFile", "ecr", "gcr"}
	for name, want := range map[string]string{
		"rolARN":             "did you mean roleARN?",
		"RoleArn":            "did you mean roleARN?",
		"password":           "did you mean passwordFile?",
		"ECR":                "did you mean ecr?",
		"acr":                "",
		"pass":               "did you mean passwordFile?",
		"pas":                "",
		"":                   "",
		"rolARNrolARNrolARN": "",
	} {
		if got := Near(name, known); got != want {
			t.Errorf("Near(%q) = %q, want %q", name, got, want)
		}
		if want == "" {
			want = "known are roleARN, passwordFile, ecr, gcr"
		}
		if got := Suggest(name, known); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "abd", 1}, {"abc", "ab", 1}, {"ab", "abc", 1}, {"kitten", "sitting", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
