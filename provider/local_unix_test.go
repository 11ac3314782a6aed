//go:build !windows

package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestIsLocal(t *testing.T) {
	dial := func(cause error) error {
		return &url.Error{Op: "Get", URL: "http://192.0.2.1", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", cause)}}
	}
	lookup := func(text string) error {
		return &net.OpError{Op: "dial", Err: &net.DNSError{Err: text, Name: "example.com"}}
	}
	for _, test := range []struct {
		err  error
		want string // in the hint; "" for an error that is not local
	}{
		{nil, ""},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}, "LimitNOFILE"},
		{fmt.Errorf("read the config: %w", &fs.PathError{Err: syscall.ENFILE}), "LimitNOFILE"},
		{dial(syscall.EMFILE), "LimitNOFILE"},
		{dial(syscall.ENOBUFS), "memory"},
		{dial(syscall.EADDRNOTAVAIL), "port"},
		{lookup("dial udp 192.0.2.1:53: socket: too many open files"), "LimitNOFILE"},
		{&exec.Error{Name: "x", Err: &fs.PathError{Op: "fork/exec", Err: syscall.EAGAIN}}, "pids.max"},
		{errors.Join(errors.New("one"), &fs.PathError{Err: syscall.ENOSPC}), "full"},
		{&fs.PathError{Err: syscall.EROFS}, "read-only"},
		{&fs.PathError{Err: syscall.EIO}, "damaged"},
		{KeepLocal(errors.New("text"), syscall.ENOMEM), "memory"},
		{KeepLocal(WithHint(errors.New("text"), "hint"), syscall.ENOMEM), "memory"},
		{KeepLocal(syscall.EMFILE, syscall.ENOMEM), "LimitNOFILE"},

		{KeepLocal(errors.New("text"), syscall.ECONNREFUSED), ""},
		{KeepLocal(errors.New("text"), nil), ""},
		{lookup("no such host"), ""},
		{lookup("server misbehaving"), ""},
		{dial(syscall.ECONNREFUSED), ""},
		{dial(syscall.ENETUNREACH), ""},
		{dial(syscall.EHOSTUNREACH), ""},
		{dial(syscall.ETIMEDOUT), ""},
		{fs.ErrNotExist, ""},
		{fs.ErrPermission, ""},
		{syscall.ENOTDIR, ""},
		{context.DeadlineExceeded, ""},
		{&NoCredentialError{Reason: "too many open files"}, ""},
	} {
		got := LocalHint(test.err)
		if !strings.Contains(got, test.want) || IsLocal(test.err) != (test.want != "") || (got != "") != (test.want != "") {
			t.Errorf("%v: the hint is %q, want %q in it", test.err, got, test.want)
		}
	}
}

// TestKeepLocal: an error that is marked shows the same, and has all that it had.
func TestKeepLocal(t *testing.T) {
	err := KeepLocal(WithHint(&NoCredentialError{Reason: "x"}, "hint"), syscall.EMFILE)
	if err.Error() != "none is configured: x" || Hint(err) != "hint" || !errors.Is(err, ErrNone) {
		t.Errorf("it is %v with the hint %q", err, Hint(err))
	}
}
