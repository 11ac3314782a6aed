package cachecmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/pullpass/pullpass/cache"
	"github.com/pullpass/pullpass/cmd/internal/broker"
	"github.com/pullpass/pullpass/cmd/internal/env"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/cli"
	"github.com/pullpass/pullpass/provider"
)

const (
	providerWidth = 14
	userWidth     = 20
	indent        = "  "
)

// writeEntryTable writes a line for each entry, and the last failure of an entry below it, within cli.Width columns. A wide table also has
// the details of the scopes, and nothing in it is cut or wrapped.
func writeEntryTable(out io.Writer, entries []cache.Entry, now time.Time, wide bool) error {
	if len(entries) == 0 {
		return nil
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	head := "SCOPE\tPROVIDER\tUSER\tAGE\tEXPIRES IN\tREFRESH IN"
	if wide {
		head += "\tDETAILS"
	}
	fmt.Fprintln(table, head)
	for _, e := range entries {
		user, name := cli.TextOrDash(e.Username), broker.ScopeProvider(e.Scope)
		if !wide {
			user, name = cut(env.OneLine(user), userWidth), cut(env.OneLine(name), providerWidth)
		}
		cells := []string{broker.ShortID(e.ID), name, user, age(e, now), expiresIn(e, now), refreshIn(e, now)}
		if wide {
			cells = append(cells, details(e.Scope))
		}
		for i, cell := range cells {
			cells[i] = env.OneLine(cell)
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	row := -1 // the head
	var whole strings.Builder
	for line := range strings.Lines(text.String()) {
		whole.WriteString(line)
		if row >= 0 {
			whole.WriteString(lastFailure(entries[row], now, wide))
		}
		row++
	}
	_, err := io.WriteString(out, whole.String())
	return err
}

// cut returns text with at most width characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

func age(e cache.Entry, now time.Time) string {
	switch {
	case e.Issued.IsZero():
		return "-"
	case e.Issued.After(now):
		return "future" // the clock was set back; it is not used
	}
	return cli.Duration(now.Sub(e.Issued))
}

func expiresIn(e cache.Entry, now time.Time) string {
	switch {
	case e.Issued.IsZero():
		return "-"
	case e.Expires.IsZero():
		return "never"
	case !now.Before(e.Expires), !e.Reread && !now.Before(e.GoodUntil):
		return "expired"
	}
	return cli.Duration(e.Expires.Sub(now))
}

// refreshIn is the time until the credential is renewed ahead, or read again.
func refreshIn(e cache.Entry, now time.Time) string {
	at := e.Refresh
	if e.Reread {
		at = e.GoodUntil
	}
	switch {
	case at.IsZero() || !e.Reread && !now.Before(e.GoodUntil):
		return "-"
	case !now.Before(at):
		return "due"
	}
	return cli.Duration(at.Sub(now))
}

// lastFailure is the failure's age and text, on indented lines, "" if the last fetch succeeded.
func lastFailure(e cache.Entry, now time.Time, wide bool) string {
	if e.Failure == nil {
		return ""
	}
	text := env.OneLine("failed " + cli.Duration(max(0, now.Sub(e.Failure.At))) + " ago: " + e.Failure.Text)
	if wide {
		return indent + text + "\n"
	}
	return indent + cli.Wrap(text, len(indent), len(indent)) + "\n"
}

// details are the lines of a scope that have no column of their own.
func details(scope provider.Scope) string {
	var lines []string
	for _, line := range broker.ScopeLines(scope) {
		if line.Label != "provider" {
			lines = append(lines, line.Label+"="+line.Value)
		}
	}
	return cli.TextOrDash(strings.Join(lines, " "))
}
