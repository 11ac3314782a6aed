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

// requestWithin is how long the request may take to come.
const requestWithin = 10 * time.Second

// Read reads the one request in in. It waits 10 s at the most for in to end, by the clock now. That
// does not hold for a file of which a read hangs although there was something to read: another process
// took it from the same pipe, or a network file system hangs. An error says what is wrong with the
// request, without quoting it.
func Read(ctx context.Context, in io.Reader, now func() time.Time) (Request, error) {
	data, err := readAll(ctx, in, now)
	if err != nil {
		return Request{}, err
	}
	return parse(data)
}

// readAll returns all of in, or as much of it as shows that it is too large.
func readAll(ctx context.Context, in io.Reader, now func() time.Time) ([]byte, error) {
	if file, ok := in.(*os.File); ok && canWait {
		return readFile(ctx, file, now)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, requestWithin, errNotClosed())
	defer cancel()
	return await.Result(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, maxRequest+1)) }, nil)
}

func errNotClosed() error { return fmt.Errorf("stdin was not closed within %v", requestWithin) }

// readFile is readAll for a file. Before each read it waits for the file rather than in another
// goroutine for the read: threads and timers are a good part of what a short process costs.
func readFile(ctx context.Context, file *os.File, now func() time.Time) ([]byte, error) {
	const (
		usual = 1 << 10 // bytes
		// slice is how long a wait does not look at the context.
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
