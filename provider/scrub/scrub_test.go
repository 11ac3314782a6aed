package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pullpass/pullpass/provider"
)

// secrets have what encodings change, and each a length of its own.
var secrets = []string{
	"s3cret", "hunter22", `q"<&'>/+é\x`, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJub2RlIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
	"a b&c=d%e?f#g", "tab\tand\nlines of \"it\"\nall",
}

// encodings are what texts make of secrets.
func encodings() map[string]func(string) string {
	b64 := func(e *base64.Encoding, prefix, suffix string) func(string) string {
		return func(s string) string { return e.EncodeToString([]byte(prefix + s + suffix)) }
	}
	return map[string]func(string) string{
		"plain":      func(s string) string { return s },
		"query":      url.QueryEscape,
		"path":       url.PathEscape,
		"query, %20": func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
		"lower %":    func(s string) string { return lowerHex(url.QueryEscape(s)) },
		"json": func(s string) string {
			text, _ := json.Marshal(s)
			return string(text)
		},
		"quoted": strconv.Quote,
		"ascii":  strconv.QuoteToASCII,
		"xml": func(s string) string {
			var b strings.Builder
			xml.EscapeText(&b, []byte(s))
			return b.String()
		},
		"html":        html.EscapeString,
		"hex":         func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":         func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"std":         b64(base64.StdEncoding, "", ""),
		"raw":         b64(base64.RawStdEncoding, "", ""),
		"url":         b64(base64.URLEncoding, "", ""),
		"std, 1":      b64(base64.StdEncoding, "u", "xyz"),
		"std, 2":      b64(base64.StdEncoding, "u:", "x"),
		"std, 3":      b64(base64.StdEncoding, "me:", "xx"),
		"url, 4":      b64(base64.RawURLEncoding, "user", ""),
		"std escaped": func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("a:" + s))) },
	}
}

func TestForms(t *testing.T) {
	for _, secret := range secrets {
		var s Scrubber
		s.Hide(secret)
		for name, encode := range encodings() {
			encoded := encode(secret)
			clean := s.Scrub("before " + encoded + " after")
			if !strings.HasPrefix(clean, "before ") || !strings.HasSuffix(clean, " after") {
				t.Errorf("%s of %q: %q", name, secret, clean)
			}
			// Of base64, the characters on the edge belong to the neighbours as well.
			middle := strings.Trim(clean[len("before"):len(clean)-len("after")], ` "`)
			if left := strings.ReplaceAll(middle, redacted, ""); left != "" || !strings.Contains(middle, redacted) {
				t.Errorf("%s of %q leaves %q", name, secret, clean)
			}
			if strings.Contains(clean, encoded) || strings.Contains(clean, secret) {
				t.Errorf("%s of %q is in %q", name, secret, clean)
			}
		}
	}
}

func TestParts(t *testing.T) {
	secret := "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	var s Scrubber
	s.Hide(secret)
	for name, encode := range encodings() {
		encoded := encode(secret)
		for from := 8; from+part <= len(encoded)-8; from += 5 {
			piece := encoded[from : from+part]
			if got := s.Scrub("it was " + piece + "… what"); strings.Contains(got, piece) || !strings.HasSuffix(got, "… what") {
				t.Errorf("%s: %q gives %q", name, piece, got)
			}
		}
	}
	if got := s.Scrub("short: " + secret[:part-1]); got != "short: "+secret[:part-1] {
		t.Errorf("a short part gives %q", got)
	}
}

func TestScrub(t *testing.T) {
	for _, test := range []struct{ secrets, text, want string }{
		{"", "nothing is hidden", "nothing is hidden"},
		{"abc", "abc is too short", "abc is too short"},
		{"admin", "administrator admin admins", "administrator REDACTED admins"},
		{"admin", `user=x%3Aadmin%40 "\nadmin" \u003aadmin`, `user=x%3AREDACTED%40 "\nREDACTED" \u003aREDACTED`},
		{"password", "no passwordFile", "no passwordFile"},
		{"1234", "12345 1234 x1234", "12345 REDACTED x1234"},
		{"s3cret", "mys3crets", "REDACTED"},
		{"  s3cret\n", "it is s3cret.", "it is REDACTED."},
		{"s3cret hunter22", "s3cret:hunter22 s3cret", "REDACTED:REDACTED REDACTED"},
		{"ééééééééé", "ééé éééééééé", "ééé REDACTED"},
		{"eu-central-1-pull-key", "region eu-west-1", "region eu-west-1"},
		{`{"type":"service_account","private_key":"k1-abcdef","client_email":"puller@project.iam.gserviceaccount.com","other":["x9yz"]}`,
			"k1-abcdef x9yz service_account puller@project.iam.gserviceaccount.com", "REDACTED REDACTED service_account puller@project.iam.gserviceaccount.com"},
	} {
		var s Scrubber
		secrets := []string{test.secrets}
		if !strings.ContainsAny(test.secrets, "{\n") {
			secrets = strings.Fields(test.secrets)
		}
		s.Hide(secrets...)
		if got := s.Scrub(test.text); got != test.want {
			t.Errorf("hide %q: %q gives %q, not %q", test.secrets, test.text, got, test.want)
		}
	}
}

func TestKeyFile(t *testing.T) {
	file := `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n","token_uri":"https://oauth2.googleapis.com/token"}`
	var s Scrubber
	s.Hide(file)
	for _, text := range []string{
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj", `\nAgEAAoIBAQC7VJTUt9Us8cKj\n`,
		base64.StdEncoding.EncodeToString([]byte("_json_key:" + file)),
	} {
		if got := s.Scrub(text); strings.Contains(got, "AgEAAoIBAQC7") || strings.Contains(got, "MIIEvQ") || strings.Contains(got, base64.RawStdEncoding.EncodeToString([]byte("service_account"))) {
			t.Errorf("%q leaves %q", text, got)
		}
	}
	if text := "https://oauth2.googleapis.com/token"; s.Scrub(text) != text {
		t.Errorf("%q becomes %q", text, s.Scrub(text))
	}
}

func TestHideLater(t *testing.T) {
	var s Scrubber
	calls := 0
	s.HideLater(func() []string { calls++; return []string{"s3cret"} })
	if calls != 0 {
		t.Error("it is called before it is needed")
	}
	if got := s.Scrub("s3cret"); got != redacted {
		t.Error(got)
	}
	s.Hide("an0ther")
	if got := s.Scrub("s3cret an0ther"); got != redacted+" "+redacted || calls != 1 {
		t.Error(got, calls)
	}
}

func TestError(t *testing.T) {
	var s Scrubber
	s.Hide("s3cret")
	if s.Error(nil) != nil {
		t.Error("nil becomes an error")
	}
	if err := errors.New("no such thing"); s.Error(err) != err {
		t.Error("an error without secrets is another one")
	}
	err := s.Error(provider.WithHint(fmt.Errorf("read s3cret: %w", fs.ErrNotExist), "chmod s3cret"))
	if err.Error() != "read REDACTED: file does not exist" || provider.Hint(err) != "chmod REDACTED" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, hint %q", err, provider.Hint(err))
	}
	err = s.Error(fmt.Errorf("look: %w", &provider.NoCredentialError{Reason: "s3cret", RepositoryOnly: true}))
	none, ok := errors.AsType[*provider.NoCredentialError](err)
	if !ok || none.Reason != redacted || !none.RepositoryOnly || !errors.Is(err, provider.ErrNone) {
		t.Errorf("%v, %+v", err, none)
	}
}

func TestJSON(t *testing.T) {
	var s Scrubber
	s.Hide("s3cret", `a"b\c1`)
	document := `{"s3cret": "x s3cret", "n": 1, "l": ["a\"b\\c1", true, "é\u003c"], "empty": "", "o": {"k" : "s3cret"}}`
	want := `{"s3cret": "x REDACTED", "n": 1, "l": ["REDACTED", true, "é\u003c"], "empty": "", "o": {"k" : "REDACTED"}}`
	if got := s.JSON(document); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestInURL(t *testing.T) {
	for url, want := range map[string]string{
		"http://169.254.169.254/latest/":                                      "",
		"https://user:pa55@proxy.example.com:3128":                            "pa55",
		"https://tok3n@proxy.example.com":                                     "tok3n",
		"user:pa55@metadata.example.com:80":                                   "pa55",
		"metadata.google.internal:80":                                         "",
		"http://169.254.170.2/v2/credentials/6f1e-4c2a-77aa":                  "6f1e-4c2a-77aa",
		"/v2/credentials/6f1e-4c2a-77aa":                                      "6f1e-4c2a-77aa",
		"https://host/path?token=a%2Fb&plain#frag":                            "a%2Fb a/b plain plain frag",
		"http://user:p%zz@169.254.169.254:x/":                                 "p%zz",
		"http://user:73/91@169.254.169.254/":                                  "73/91",
		"https://user:73?91@proxy.example.com:3128":                           "73?91 91@proxy.example.com:3128 91@proxy.example.com:3128",
		"https://73/91@proxy.example.com":                                     "73/91 91@proxy.example.com",
		"https://cdn.example.com/npm/@scope/package?mail=a@b":                 "a@b a@b",
		"https://sts.example.com/eu-central-1/role?region=us-gov-west-1":      "",
		"http://[fd00:ec2::254/t0ken-of-the-path":                             "t0ken-of-the-path",
		"https://vpce-0a1b2c3d4e5f6a7b8.api.ecr.eu-west-1.vpce.amazonaws.com": "",
	} {
		if got := strings.Join(strings.Fields(strings.Join(InURL(url), " ")), " "); got != want {
			t.Errorf("%s: %q, not %q", url, got, want)
		}
	}
}

// TestMany: each of thousands of secrets is found, however many begin alike.
func TestMany(t *testing.T) {
	var s Scrubber
	var text strings.Builder
	for i := range 3000 {
		short, long := fmt.Sprintf("pw-%04d", i), fmt.Sprintf("t0ken-%d-of-%d-others", i*7919, i)
		s.Hide(short, long)
		fmt.Fprintf(&text, "before %s: then %s…\n", short, long)
	}
	want := strings.Repeat("before "+redacted+": then "+redacted+"…\n", 3000)
	if got := s.Scrub(text.String()); got != want {
		t.Errorf("%.300q", got)
	}
}

// TestTogether: goroutines hide and scrub at the same time, and see what they have hidden.
func TestTogether(t *testing.T) {
	var s Scrubber
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 20 {
				secret := fmt.Sprintf("s3cret-%d-of-%d", j, i)
				s.Hide(secret)
				if got := s.Scrub("it is " + secret); got != "it is "+redacted {
					t.Errorf("%q", got)
				}
			}
		})
	}
	group.Wait()
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{
		"short":                          "short",
		"the token is abcdefghijklmnop":  "the token is …",
		"the token is (abcdefghijklmnop": "the token is (…",
		"abcdefghijklmnopqrstuvwxyz":     "abcdefghijklmnopqrst…",
		"ééééééééééééé":                  "éééééééééé…",
	} {
		if got := Cut(text, 20); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestWriter(t *testing.T) {
	var s Scrubber
	s.Hide("s3cret")
	var out strings.Builder
	w := Writer{Scrubber: &s, Out: &out}
	for _, piece := range []string{"it is s3c", "ret\nand s3", "cr", "et"} {
		if _, err := w.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil || out.String() != "it is REDACTED\nand REDACTED" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func BenchmarkScrub(b *testing.B) {
	var list []string
	for i := range 10 {
		list = append(list, strings.Repeat(fmt.Sprintf("%x", i*7919), 400))
		for j := range 150 {
			list[i] += base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(i*j*104729 + j)))
		}
	}
	line := strings.Repeat("get an ECR token for eu-central-1: AccessDenied: ", 20)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			var s Scrubber
			s.Hide(list...)
			s.Scrub(line)
		}
	})
	b.Run("next", func(b *testing.B) {
		var s Scrubber
		s.Hide(list...)
		for b.Loop() {
			s.Scrub(line)
		}
	})
	b.Run("hide", func(b *testing.B) {
		var s Scrubber
		for b.Loop() {
			s.Hide("one")
		}
	})
}
