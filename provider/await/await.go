// Package await bounds the wait for calls that cannot be cancelled by a context.
package await

import "context"

// Result returns what f returns, or the cause of the context if that ends before f does. In that case f
// goes on in its goroutine. If it returns a value without an error in the end, late is called with the
// value, to free it. late may be nil.
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
