// Package await waits for calls that cannot be cancelled no longer than a context says.
package await

import "context"

// Result returns what f returns, or the context's cause if the context ends before f does. f then
// goes on in its goroutine, and late, unless it is nil, gets the value that f returns without an
// error in the end: to free it.
func Result[T any](ctx context.Context, f func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	if late != nil {
		go func() {
			if r := <-done; r.err == nil {
				late(r.value)
			}
		}()
	}
	var none T
	return none, context.Cause(ctx)
}
