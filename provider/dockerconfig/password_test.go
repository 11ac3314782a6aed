package dockerconfig

import "testing"

func TestOfLine(t *testing.T) {
	for text, want := range map[string]string{
		"hunter2":          "hunter2",
		"hunter2\n":        "hunter2",
		"hunter2\r\n":      "hunter2",
		"hunter2\n\n":      "hunter2",
		" a b:c\"<é>\t \n": " a b:c\"<é>\t ",
	} {
		credential, err := OfLine("me", []byte(text))
		if err != nil || credential.Username != "me" || credential.Password.Reveal() != want {
			t.Errorf("of %q, the user is %s, the password %q, the error %v", text, credential.Username, credential.Password.Reveal(), err)
		}
	}
	for text, want := range map[string]string{
		"":              "it is empty",
		"\n":            "it is empty",
		"one\ntwo":      "it has more than one line",
		"one\rtwo\n":    "it has more than one line",
		"\nhunter2\n":   "it has more than one line",
		"hunter2\xff\n": "the username or the password is not valid UTF-8",
	} {
		if _, err := OfLine("me", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("of %q, the error is %v, want %s", text, err, want)
		}
	}
}
