package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// escaped returns a secret and the forms of it that keep most of its letters.
func escaped(secret string) []string {
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	plain := jsonText(secret, false)
	var inXML strings.Builder
	if xml.EscapeText(&inXML, []byte(secret)) != nil {
		inXML.Reset()
	}
	forms := []string{
		secret, query, lowerHex(query), strings.ReplaceAll(query, "+", "%20"), path, lowerHex(path),
		plain, jsonText(secret, true), strings.ReplaceAll(plain, "/", `\/`),
		unquoted(strconv.Quote(secret)), unquoted(strconv.QuoteToASCII(secret)),
		inXML.String(), inMarkup(secret, "&quot;", "&apos;"), inMarkup(secret, "&#34;", "&#39;"),
		strings.Join(strings.FieldsFunc(secret, unicode.IsControl), " "), // as messages show it
	}
	// A secret of several lines can lose all but one of them.
	for line := range strings.Lines(secret) {
		forms = append(forms, strings.TrimSpace(line))
	}
	var long []string
	for _, form := range forms {
		if len(form) >= shortest {
			long = append(long, form)
		}
	}
	return long
}

// inMarkup escapes as XML with the names of its entities does, where encoding/xml has numbers, and as HTML does:
// they differ in the quotes.
func inMarkup(secret, double, single string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, double, "'", single).Replace(secret)
}

func unquoted(quoted string) string { return quoted[1 : len(quoted)-1] }

// lowerHex returns what url.QueryEscape has escaped with hexadecimal digits in lower case.
func lowerHex(escaped string) string {
	text := []byte(escaped)
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '%' {
			copy(text[i+1:], strings.ToLower(string(text[i+1:i+3])))
		}
	}
	return string(text)
}

// coded returns the forms of a secret that keep none of its letters: hexadecimal, and base64 at each of the
// three places that a secret can have in a longer text.
func coded(secret string) []string {
	urlAlphabet := strings.NewReplacer("+", "-", "/", "_")
	inHex := hex.EncodeToString([]byte(secret))
	forms := []string{inHex, strings.ToUpper(inHex)}
	for before := range 3 {
		// The first characters depend on what is before the secret, and the last one on what follows.
		padded := append(make([]byte, before), secret...)
		text := base64.RawStdEncoding.EncodeToString(padded)
		text = text[(8*before+5)/6 : len(padded)*8/6]
		forms = append(forms, text, urlAlphabet.Replace(text))
	}
	return forms
}
