package strictyaml

import (
	"strconv"
	"strings"
)

// The longest texts of a document in one line of a message, in bytes.
const (
	maxPlain  = 255 // a DNS name and more
	maxQuoted = 80
)

// safe are the bytes of a text that needs no quotes in a message.
const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/*!<$+@="

// Shown returns a text of a document for a line of a message: quoted if it could confuse the
// reader or the terminal, and cut if it is too long.
func Shown(text string) string {
	if text != "" && len(text) <= maxPlain && strings.Trim(text, safe) == "" {
		return text
	}
	return Quoted(text)
}

// Quoted is Shown always in quotes.
func Quoted(text string) string {
	if len(text) > maxQuoted {
		return strconv.QuoteToASCII(text[:maxQuoted]) + "…"
	}
	return strconv.QuoteToASCII(text)
}

// Word returns before and text, which is the value of a field that is to hold no secret. It returns "" if text
// is not a single word, as the values of such a field are.
func Word(before, text string) string {
	if text == "" || len(text) > maxPlain || strings.Trim(text, safe) != "" || strings.ContainsAny(text, "@=") {
		return ""
	}
	return before + text
}
