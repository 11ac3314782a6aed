package kubelet

import (
	"slices"
	"strings"
)

// A cgroupLine is a line of a cgroup file of /proc: "number:controllers:path", see cgroups(7).
type cgroupLine struct {
	controllers string
	directories []string // of the path
}

// cgroupLines returns the lines of a cgroup file of /proc. There is one for version 2, without controllers,
// and one for each hierarchy of version 1.
func cgroupLines(cgroup []byte) []cgroupLine {
	var lines []cgroupLine
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(parts) == 3 {
			lines = append(lines, cgroupLine{parts[1], strings.Split(strings.TrimPrefix(parts[2], "/"), "/")})
		}
	}
	return lines
}

// inPod reports whether a process runs in a container of a pod, by its cgroup file and by that of process 1.
// The kubelet of a node does not. A pod with hostPID shows its processes to the node, and may call one of
// them kubelet.
//
// Only what differs from the cgroup of process 1 counts. In a node that is itself a container of a pod, as
// kind's can be, all processes are in that pod.
func inPod(cgroup, first []byte) bool {
	above := cgroupLines(first)
	for _, line := range cgroupLines(cgroup) {
		own := line.directories
		for _, other := range above {
			if other.controllers == line.controllers {
				own = own[commonLength(own, other.directories):]
				break
			}
		}
		if slices.ContainsFunc(own, ofPod) {
			return true
		}
	}
	return false
}

// commonLength returns how many directories two paths have in common at their beginning.
func commonLength(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// ofPod reports whether only kubelets and CRI runtimes name a directory of cgroups so. One has to be
// enough: of a process in another cgroup namespace, the path begins with "/.." where the namespaces part.
//
//   - kubepods, kubepods.slice and all slices below it, kubelet-kubepods.slice on kind: the kubelet's
//     pkg/kubelet/cm/pod_container_manager_linux.go. A containerd with another driver than the kubelet has
//     ":cri-containerd:" after the name of such a slice, or of another one where the kubelet gives pods no cgroups.
//   - podUID, with cgroupfs.
//   - cri-containerd-ID.scope and crio-ID.scope, the containers of CRI runtimes with systemd.
//   - k8s.io, containerd's namespace for pods, where the kubelet gives pods no cgroups.
//
// Docker's containers are no sign: RKE1 runs the kubelet in one.
func ofPod(directory string) bool {
	if uid, ok := strings.CutPrefix(directory, "pod"); ok && isUID(uid) {
		return true
	}
	return strings.Contains(directory, "kubepods") ||
		strings.HasPrefix(directory, "cri-containerd") || strings.Contains(directory, ":cri-containerd:") ||
		strings.HasPrefix(directory, "crio-") || strings.Contains(directory, ":crio:") ||
		directory == "k8s.io"
}

// isUID reports whether text is the UID of a pod: 32 hex digits. Those of pods from an API server have four
// dashes between them.
func isUID(text string) bool {
	digits := strings.ReplaceAll(text, "-", "")
	return len(digits) == 32 && strings.Trim(digits, "0123456789abcdef") == ""
}

// service returns the name of the systemd service in a cgroup file of /proc: the last service in a path
// of systemd's own hierarchy. Services in a user's session are not the node's.
func service(cgroup []byte) string {
	for _, line := range cgroupLines(cgroup) {
		if line.controllers != "" && line.controllers != "name=systemd" {
			continue
		}
		if slices.Contains(line.directories, "user.slice") {
			return ""
		}
		for _, name := range slices.Backward(line.directories) {
			if strings.HasSuffix(name, ".service") {
				return name
			}
		}
	}
	return ""
}
