//go:build !windows

package env

import "os"

// IsRoot reports whether the effective user is root.
func IsRoot() bool { return os.Geteuid() == 0 }
