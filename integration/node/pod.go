package node

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pod makes a pod that needs no network of its own, no service account token, and a pull of its
// image at each start.
func Pod(name, image string) *corev1.Pod {
	no, second := false, int64(1)
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			HostNetwork:                   true,
			AutomountServiceAccountToken:  &no,
			EnableServiceLinks:            &no,
			TerminationGracePeriodSeconds: &second,
			Containers: []corev1.Container{{
				Name:            "app",
				Image:           image,
				ImagePullPolicy: corev1.PullAlways,
			}},
		},
	}
}

// Running says whether the pod's container runs.
func Running(pod *corev1.Pod) bool {
	statuses := pod.Status.ContainerStatuses
	return len(statuses) == 1 && statuses[0].State.Running != nil
}

// PullFailed says whether the pod's image could not be pulled, and is tried again after a while.
func PullFailed(pod *corev1.Pod) bool {
	for _, status := range pod.Status.ContainerStatuses {
		if w := status.State.Waiting; w != nil && (w.Reason == "ErrImagePull" || w.Reason == "ImagePullBackOff") {
			return true
		}
	}
	return false
}
