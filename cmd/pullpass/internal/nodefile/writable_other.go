//go:build !linux

package nodefile

// Nothing is installed on other systems.

func cannotChange(string) error { return nil }

func cannotCreate(string, int64) error { return nil }

func cannotReplace(string, string) error { return nil }

func cannotRun(string) error { return nil }
