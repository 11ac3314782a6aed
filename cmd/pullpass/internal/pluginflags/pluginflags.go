// Package pluginflags reads the flags that an entry in the kubelet's config can give the plugin. The
// kubelet runs the plugin for each image: with these flags alone, it need not wait until the tree of
// commands is built.
package pluginflags

import "strings"

// The flags of the plugin.
const (
	Config   = "--config"
	CacheDir = "--cache-dir"
	LogFile  = "--log-file"
)

// Values are the values of the flags, "" for a missing one.
type Values struct {
	Config, CacheDir, LogFile string
}

// Parse returns the values of the flags in args. It reads them as pflag does: --NAME=VALUE or --NAME
// VALUE, and if a flag is there more than once, the last value counts. ok is false if args hold anything
// else: then the tree of commands has to read them.
func Parse(args []string) (values Values, ok bool) {
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		var flag *string
		switch name {
		case Config:
			flag = &values.Config
		case CacheDir:
			flag = &values.CacheDir
		case LogFile:
			flag = &values.LogFile
		default:
			return Values{}, false
		}
		if !joined {
			if len(args) == 0 {
				return Values{}, false
			}
			value, args = args[0], args[1:]
		}
		*flag = value
	}
	return values, true
}
