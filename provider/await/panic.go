package await

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// module is the beginning of the names of our functions. Those of main packages begin with "main.".
const module = "github.com/pullpass/pullpass/"

// PanicError returns an error for a value that recover returned, to be called by the function that recovers.
// It says where in our code the panic was, for a report of the bug: "a bug in pullpass:
// runtime.boundsError (index out of range [3] with length 3) in strictyaml.Decode, decode.go:77". It shows
// no other value than one of the Go runtime, whose texts hold lengths and types. Any other may hold a secret.
func PanicError(recovered any) error {
	what := fmt.Sprintf("%T", recovered)
	var ofRuntime runtime.Error
	if err, ok := recovered.(error); ok && errors.As(err, &ofRuntime) {
		what += " (" + strings.TrimPrefix(ofRuntime.Error(), "runtime error: ") + ")"
	}
	return fmt.Errorf("a bug in pullpass: panic of %s in %s", what, place())
}

// place names our function that panicked, or that called the one that did.
func place() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for panicked := false; ; {
		frame, more := frames.Next()
		_, ours := strings.CutPrefix(frame.Function, module)
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && (ours || strings.HasPrefix(frame.Function, "main.")):
			return fmt.Sprintf("%s, %s:%d", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
		if !more {
			return "a place that is not known"
		}
	}
}
