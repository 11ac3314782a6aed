package kubelet

import "testing"

func TestInPod(t *testing.T) {
	const (
		uid        = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
		slice      = "kubepods-besteffort-pod3f2504e0_4f89_11d3_9a0c_0305e82c3301.slice"
		id         = "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
		initV2     = "0::/init.scope\n"
		initV1     = "12:cpuset:/\n5:pids:/init.scope\n1:name=systemd:/init.scope\n0::/init.scope\n"
		initInPod  = "0::/../../../../init.scope\n" // as a container of a pod of a QoS class sees it, with systemd
		bareInPod  = "0::/../../../..\n"            // the same without systemd
		initInDind = "5:pids:/kubepods/burstable/pod" + uid + "/" + id + "/docker/" + id + "/init.scope\n"
	)
	for name, c := range map[string]struct {
		first, cgroup string
		want          bool
	}{
		// Pods, in version 2.
		"systemd, containerd":          {initV2, "0::/kubepods.slice/kubepods-besteffort.slice/" + slice + "/cri-containerd-" + id + ".scope\n", true},
		"systemd, CRI-O":               {initV2, "0::/kubepods.slice/kubepods-besteffort.slice/" + slice + "/crio-" + id + ".scope/container\n", true},
		"systemd, Docker":              {initV2, "0::/kubepods.slice/" + slice + "/docker-" + id + ".scope\n", true},
		"cgroupfs":                     {initV2, "0::/kubepods/burstable/pod" + uid + "/" + id + "\n", true},
		"guaranteed":                   {initV2, "0::/kubepods/pod" + uid + "/" + id + "\n", true},
		"static pod":                   {initV2, "0::/kubepods/burstable/pod5f4dcc3b5aa765d61d8327deb882cf99/" + id + "\n", true},
		"kind":                         {initV2, "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-" + slice + "/cri-containerd-" + id + ".scope\n", true},
		"cgroup root":                  {initV2, "0::/nodes/one/kubepods/besteffort/pod" + uid + "/" + id + "\n", true},
		"two drivers":                  {initV2, "0::/system.slice/containerd.service/" + slice + ":cri-containerd:" + id + "\n", true},
		"k3s":                          {initV2, "0::/kubepods/besteffort/pod" + uid + "/" + id + "\n", true},
		"below its container's":        {initV2, "0::/kubepods/besteffort/pod" + uid + "/" + id + "/system.slice/kubelet.service\n", true},
		"no cgroups for pods":          {initV2, "0::/k8s.io/" + id + "\n", true},
		"no cgroups for pods, systemd": {initV2, "0::/system.slice/cri-containerd-" + id + ".scope\n", true},
		"no cgroups for pods, CRI-O":   {initV2, "0::/system.slice/crio-" + id + ".scope\n", true},
		"no cgroups for pods, two":     {initV2, "0::/system.slice:cri-containerd:" + id + "\n", true},
		// Version 1: one hierarchy is enough.
		"version 1, cgroupfs": {initV1, "12:cpuset:/kubepods/besteffort/pod" + uid + "/" + id + "\n1:name=systemd:/kubepods/besteffort/pod" + uid + "/" + id + "\n0::/\n", true},
		"version 1, systemd":  {initV1, "12:cpuset:/\n5:pids:/kubepods.slice/" + slice + "/crio-" + id + ".scope\n", true},
		"version 1, hybrid":   {initV1, "12:cpuset:/\n0::/kubepods.slice/" + slice + "/cri-containerd-" + id + ".scope\n", true},
		// As the installer in a pod sees the containers of others, with a cgroup namespace of its own.
		"seen from a pod, systemd":         {initInPod, "0::/../../" + slice + "/cri-containerd-" + id + ".scope\n", true},
		"seen from a pod, same pod":        {initInPod, "0::/../cri-containerd-" + id + ".scope\n", true},
		"seen from a pod, cgroupfs":        {bareInPod, "0::/../../pod" + uid + "/" + id + "\n", true},
		"seen from a pod, static":          {bareInPod, "0::/../../../burstable/pod5f4dcc3b5aa765d61d8327deb882cf99/" + id + "\n", true},
		"seen from a pod, guaranteed":      {initInPod, "0::/../../../pod" + uid + "/" + id + "\n", true},
		"seen from a pod, CRI-O":           {initInPod, "0::/../crio-" + id + ".scope/container\n", true},
		"a pod in a node that is a pod":    {initInDind, "5:pids:/kubepods/burstable/pod" + uid + "/" + id + "/docker/" + id + "/kubelet/kubepods/pod" + uid + "/" + id + "\n", true},
		"a pod beside a node in version 2": {"0::/init.scope\n", "0::/../../../besteffort/pod" + uid + "/" + id + "\n", true},

		// The kubelet of a node.
		"service":                           {initV2, "0::/system.slice/kubelet.service\n", false},
		"kind's service":                    {initV2, "0::/kubelet.slice/kubelet.service\n", false},
		"runtime slice":                     {initV2, "0::/runtime.slice/kubelet.service\n", false},
		"k3s's service":                     {initV2, "0::/system.slice/k3s.service\n", false},
		"k0s's":                             {initV2, "0::/system.slice/k0scontroller.service/leaf\n", false},
		"a service of version 1":            {initV1, "12:cpuset:/\n5:pids:/system.slice/kubelet.service\n1:name=systemd:/system.slice/kubelet.service\n0::/system.slice/kubelet.service\n", false},
		"snap":                              {initV2, "0::/system.slice/snap.microk8s.daemon-kubelite.service\n", false},
		"Talos":                             {initV2, "0::/podruntime/kubelet\n", false},
		"RKE1's container":                  {initV2, "0::/system.slice/docker-" + id + ".scope\n", false},
		"RKE1's container, cgroupfs":        {initV1, "5:pids:/docker/" + id + "\n1:name=systemd:/docker/" + id + "\n", false},
		"Podman's":                          {initV2, "0::/machine.slice/machine-libpod_pod_" + id + ".slice/libpod-" + id + ".scope\n", false},
		"the root":                          {"0::/\n", "0::/\n", false},
		"seen from a pod, service":          {initInPod, "0::/../../../../system.slice/kubelet.service\n", false},
		"seen from a pod, kind's service":   {"0::/../../../../../init.scope\n", "0::/../../../../kubelet.service\n", false},
		"seen from a pod, RKE1's container": {bareInPod, "0::/../../../../docker/" + id + "\n", false},
		"seen from a container, another":    {"0::/../../init.scope\n", "0::/../docker-" + id + ".scope\n", false},
		"seen from its own container":       {"0::/../../init.scope\n", "0::/\n", false},
		"a node that is a pod":              {initInDind, "5:pids:/kubepods/burstable/pod" + uid + "/" + id + "/docker/" + id + "/kubelet.slice/kubelet.service\n", false},
		"names that are like a pod's":       {initV2, "0::/podman/pods/pod1234/pod-" + uid + "x\n", false},
		"process 1 cannot be read":          {"", "0::/system.slice/kubelet.service\n", false},
		"nothing":                           {"", "", false},
		"broken":                            {"broken", "broken", false},
	} {
		if got := inPod([]byte(c.cgroup), []byte(c.first)); got != c.want {
			t.Errorf("%s: in a pod %v, want %v", name, got, c.want)
		}
	}
}

func TestService(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/kubelet.service\n":                                          "kubelet.service",
		"0::/runtime.slice/kubelet.service\n":                                         "kubelet.service",
		"0::/../kubelet.slice/kubelet.service\n":                                      "kubelet.service",
		"0::/system.slice/k3s.service/sub\n":                                          "k3s.service",
		"12:cpu:/other.service\n1:name=systemd:/system.slice/kubelet.service\n0::/\n": "kubelet.service",
		"0::/user.slice/user-0.slice/session-1.scope\n":                               "",
		"0::/\n": "",
		"":       "",
		"broken": "",
	} {
		if got := service([]byte(cgroup)); got != want {
			t.Errorf("%q: %q, want %q", cgroup, got, want)
		}
	}
}
