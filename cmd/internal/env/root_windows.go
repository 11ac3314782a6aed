package env

import "golang.org/x/sys/windows"

// IsRoot reports whether the process runs with the rights of an administrator.
func IsRoot() bool { return windows.GetCurrentProcessToken().IsElevated() }
