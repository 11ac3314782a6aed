//go:build !windows && !linux

package safefile

// Other systems have no user namespaces, and nothing of theirs shows what other users say.
const overflowUser = 65534

func refusedFilesystem(string, uint64, uint32, bool) (string, error) { return "", nil }

func hostRootIsNameless() bool { return false }

func isReadOnly(string) bool { return false }

func hasACL(string) bool { return false }
