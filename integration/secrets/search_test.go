package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// window is how long a part of a secret has to be that is not to be seen.
const window = 16

// long is how much of each end of a long secret is looked for.
const long = 100

// A search looks for secrets, for their forms, and for parts of both.
type search struct {
	whole   map[string]string // forms that are shorter than window, to the secrets
	windows map[string]string // all parts of that length of the others
	known   map[string]bool
}

func newSearch(secrets ...string) *search {
	s := &search{whole: map[string]string{}, windows: map[string]string{}, known: map[string]bool{}}
	s.add(secrets...)
	return s
}

// forms are what a text can make of a secret.
func forms(secret string) []string {
	inHex := hex.EncodeToString([]byte(secret))
	quoted, _ := json.Marshal(secret)
	list := []string{secret, inHex, strings.ToUpper(inHex), url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`)}
	for before := range 3 {
		padded := append(make([]byte, before), secret...)
		text := base64.RawStdEncoding.EncodeToString(padded)
		text = text[(8*before+5)/6 : len(padded)*8/6]
		list = append(list, text, strings.NewReplacer("+", "-", "/", "_").Replace(text))
	}
	return list
}

func (s *search) add(secrets ...string) {
	for _, secret := range secrets {
		if len(secret) < 8 || s.known[secret] {
			continue
		}
		s.known[secret] = true
		ends := []string{secret}
		if len(secret) > 2*long { // of tokens, the beginning and the end are enough
			ends = []string{secret[:long], secret[len(secret)-long:]}
		}
		for _, end := range ends {
			for _, form := range forms(end) {
				if len(form) < window {
					s.whole[form] = secret
				}
				for i := 0; i+window <= len(form); i++ {
					s.windows[form[i:i+window]] = secret
				}
			}
		}
	}
}

// check reports the secrets in a text.
func (s *search) check(t *testing.T, where, text string) {
	t.Helper()
	for form, secret := range s.whole {
		if strings.Contains(text, form) {
			t.Errorf("%s holds %q of the secret %q of %v:\n%s", where, form, secret, placeOf(secret), text)
		}
	}
	for i := 0; i+window <= len(text); i++ {
		if secret, found := s.windows[text[i:i+window]]; found {
			t.Errorf("%s holds %q of the secret %q of %v:\n%s", where, text[i:i+window], secret, placeOf(secret), text)
			return
		}
	}
}

// checkFiles reports the secrets in the names and the contents of all files below a directory, except in the
// passwords of cached credentials. It returns the number of files.
func (s *search) checkFiles(t *testing.T, directory string) int {
	t.Helper()
	files := 0
	err := filepath.WalkDir(directory, func(path string, file os.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var entry map[string]any
		if json.Unmarshal(data, &entry) == nil && entry["password"] != nil {
			delete(entry, "password")
			data, _ = json.Marshal(entry)
		}
		s.check(t, path, path+"\n"+string(data))
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

// TestSearch: the search itself finds what it is there to find.
func TestSearch(t *testing.T) {
	secret := canary("test")
	for _, text := range append(forms(secret), forms(secret+"tail")...) {
		found := false
		s := newSearch(secret)
		for form := range s.whole {
			found = found || strings.Contains(text, form)
		}
		for i := 0; i+window <= len(text); i++ {
			found = found || s.windows[text[i:i+window]] != ""
		}
		if !found {
			t.Errorf("%s is not found", strconv.Quote(text))
		}
	}
}
