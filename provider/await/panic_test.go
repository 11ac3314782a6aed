package await

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPanic: a panic in another goroutine becomes an error that names the place, and no value but those of
// the runtime.
func TestPanic(t *testing.T) {
	var none []int
	var missing map[string]int
	var object any = "s3cret"
	negative := -1
	for _, test := range []struct {
		name  string
		panic func()
		want  string
	}{
		{"an index", func() { _ = none[len("s3cret")] }, "runtime.boundsError (index out of range [6] with length 0)"},
		{"a nil map", func() { missing["s3cret"] = 1 }, "(assignment to entry in nil map)"},
		{"a type", func() { _ = object.(int) }, "*runtime.TypeAssertionError (interface conversion: interface {} is string, not int)"},
		{"a text", func() { panic("s3cret") }, "panic of string in"},
		{"an error", func() { panic(errors.New("s3cret")) }, "panic of *errors.errorString in"},
		{"a wrapped error", func() { panic(fmt.Errorf("s3cret: %w", context.Canceled)) }, "panic of *fmt.wrapError in"},
		{"of a library", func() { _ = strings.Repeat("s3cret", negative) }, "panic of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := Result(t.Context(), func() (string, error) { test.panic(); return "s3cret", nil }, nil)
			if err == nil || value != "" {
				t.Fatalf("got %q, %v", value, err)
			}
			text := err.Error()
			if !strings.HasPrefix(text, "a bug in pullpass: panic of ") || !strings.Contains(text, test.want) {
				t.Errorf("got %q, want %q", text, test.want)
			}
			if strings.Contains(text, "s3cret") || !strings.Contains(text, "in await.TestPanic.func") || !strings.Contains(text, ", panic_test.go:") {
				t.Errorf("got %q", text)
			}
		})
	}
}

// TestLatePanic: nobody waits for the result any more.
func TestLatePanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		called := false
		f := func() (int, error) { time.Sleep(time.Minute); return 1, nil }
		_, err := Result(ctx, f, func(int) { called = true; panic("s3cret") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if !called {
			t.Error("late was not called")
		}
	})
}
