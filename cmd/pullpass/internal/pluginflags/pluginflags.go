// Package pluginflags reads the flags that an entry in the kubelet's config can give the plugin. The
// kubelet runs the plugin for each image: with these flags alone, it need not wait until the tree of
// commands is built.
package pluginflags

import "strings"

// The flags of the plugin.
const (
	Config   = "--config"
	CacheDir = "--cache-dir"
)

// Parse returns the values of the flags in args. It reads them as pflag does: --NAME=VALUE or --NAME
// VALUE, and if a flag is there more than once, the last value counts. The value of a missing flag is "".
// ok is false if args hold anything else: then the tree of commands has to read them.
func Parse(args []string) (config, cacheDir string, ok bool) {
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		var flag *string
		switch name {
		case Config:
			flag = &config
		case CacheDir:
			flag = &cacheDir
		default:
			return "", "", false
		}
		if !joined {
			if len(args) == 0 {
				return "", "", false
			}
			value, args = args[0], args[1:]
		}
		*flag = value
	}
	return config, cacheDir, true
}
