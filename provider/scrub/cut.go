package scrub

import "strings"

// Cut returns no more than the first most bytes of a text, with … for the rest. It leaves out the word that
// it would cut through: of a secret, that could leave a part that is too short to be recognised. It is for
// texts that are scrubbed later.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	isPart := func(r rune) bool { return r > 0x7f || isToken(byte(r)) || strings.ContainsRune("/.=", r) }
	if whole := strings.TrimRightFunc(text[:most], isPart); whole != "" {
		return whole + "…"
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
