// Package await bounds the wait for calls that cannot be cancelled by a context, and turns panics into
// errors.
package await

import "context"

// Result returns what f returns, or the cause of the context if that ends before f does. In that case f
// goes on in its goroutine. If it returns a value without an error in the end, late is called with the
// value, to free it. late may be nil. A panic of f becomes the error of PanicError; one of late is ignored.
func Result[T any](ctx context.Context, f func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = Try(func() (err error) {
			r.value, err = f()
			return err
		})
		done <- r
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	if late != nil {
		go func() {
			if r := <-done; r.err == nil {
				_ = Try(func() error { late(r.value); return nil })
			}
		}()
	}
	var none T
	return none, context.Cause(ctx)
}

// Try returns what f returns. A panic of f becomes the error of PanicError. Every function that is to run in
// a goroutine of its own needs it: a panic there ends the process, whoever recovers elsewhere.
func Try(f func() error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = PanicError(recovered)
		}
	}()
	return f()
}
