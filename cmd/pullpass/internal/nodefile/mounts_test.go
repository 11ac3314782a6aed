package nodefile

import "testing"

func TestMountedWritable(t *testing.T) {
	const mounts = `24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
25 24 0:22 / /proc rw - proc proc rw
30 24 8:2 / /nowhere/usr ro,relatime shared:2 - ext4 /dev/sda2 rw
31 24 8:3 / /nowhere/opt rw,relatime - squashfs /dev/sda3 ro
32 31 8:4 / /nowhere/opt/bin rw master:3 propagate_from:2 - ext4 /dev/sda4 rw
33 24 8:5 / /nowhere/a\040b ro - ext4 /dev/sda5 rw
34 24 8:6 / /nowhere/over rw - ext4 /dev/sda6 rw
35 34 0:30 / /nowhere/over ro - overlay overlay ro
broken
36 24 8:6 / /nowhere/var rw
`
	for path, want := range map[string]bool{
		"/nowhere/etc/x": true, "/": true, "/nowhere/usr": false, "/nowhere/usr/lib/x": false, "/nowhere/usr2/x": true,
		"/nowhere/opt/x": false, "/nowhere/opt/bin/x": true, "/nowhere/a b/x": false, "/nowhere/over/x": false, "/nowhere/var/x": true,
	} {
		if got := MountedWritable([]byte(mounts), path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if MountedWritable(nil, "/") {
		t.Error("nothing says that / is writable")
	}
}
