package protocol

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/pullpass/pullpass/provider/await"
)

// requestWithin is how long it may take until stdin is closed.
const requestWithin = 10 * time.Second

// Read reads the one request in in. It waits at most 10 s for the end of in, by the clock now. The wait can
// be longer if in is a file whose read hangs although there was something to read: another process took it
// from the same pipe, or a network file system hangs. The error says what is wrong with the request, without
// quoting it.
func Read(ctx context.Context, in io.Reader, now func() time.Time) (Request, error) {
	data, err := readAll(ctx, in, now)
	if err != nil {
		return Request{}, err
	}
	return parse(data)
}

// readAll returns all of in. If that is too large, it returns enough to show it.
func readAll(ctx context.Context, in io.Reader, now func() time.Time) ([]byte, error) {
	if file, ok := in.(*os.File); ok && canWait {
		return readFile(ctx, file, now)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, requestWithin, errNotClosed())
	defer cancel()
	return await.Result(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, maxRequest+1)) }, nil)
}

func errNotClosed() error { return fmt.Errorf("stdin was not closed within %v", requestWithin) }

// readFile is readAll for a file. It waits until the file can be read before each read. A read in another
// goroutine with a timer would do as well, but threads and timers cost a short process a good part of
// its time.
func readFile(ctx context.Context, file *os.File, now func() time.Time) ([]byte, error) {
	const (
		usual = 1 << 10 // bytes
		// slice is how long it takes until the end of the context is noticed.
		slice = 100 * time.Millisecond
	)
	deadline := now().Add(requestWithin)
	data := make([]byte, 0, usual)
	for len(data) <= maxRequest {
		ready, err := waitFor(file, slice)
		if err != nil {
			return nil, err
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if !now().Before(deadline) {
			return nil, errNotClosed()
		}
		if !ready {
			continue
		}
		data = slices.Grow(data, usual/2)
		n, err := file.Read(data[len(data):min(cap(data), maxRequest+1)])
		data = data[:len(data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}
