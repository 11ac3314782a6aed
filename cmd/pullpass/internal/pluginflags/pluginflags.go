// Package pluginflags reads the flags that an install writes into the kubelet's entry. The kubelet
// runs the plugin for each image: with these flags alone it need not wait for a tree of commands to
// be built.
package pluginflags

import "strings"

// Parse reads the flags --config and --cache-dir as pflag does: --NAME=VALUE or --NAME VALUE, of
// several the last one counts. A flag that is not given is "". It returns false if args hold anything
// else: then the commands are to read them.
func Parse(args []string) (config, cacheDir string, ok bool) {
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		var flag *string
		switch name {
		case "--config":
			flag = &config
		case "--cache-dir":
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
