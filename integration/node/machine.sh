# Makes a machine of its own out of this one, as the first process of new namespaces for mounts
# and processes, and undoes it when stdin ends, as it does when whoever started it is killed.
# $1 is an empty folder, $2 the name of the cgroup to make for the kubelet.
set -eu
mount --make-rprivate /
mount -t proc proc /proc

# Prints the folder of each hierarchy of cgroups: one for all of version 2, or one for each
# controller of version 1.
hierarchies() {
	while read -r _ folder kind _; do
		case $kind in cgroup | cgroup2) echo "$folder" ;; esac
	done < /proc/mounts
}

cannot_give() {
	echo "cannot switch on the controller $1 in $2/cgroup.subtree_control; in a container, its processes" \
		"are in the way: move those of $2/cgroup.procs to a cgroup below it first" >&2
	exit 1
}

# The kernel drops the mounts with their last process, but no cgroups.
end() {
	status=$?
	kill -s KILL -- -1 2> /dev/null || true # all others of the namespace
	for folder in $(hierarchies); do
		tries=0
		while [ -e "$folder/$2" ] && ! find "$folder/$2" -depth -type d -exec rmdir {} + 2> /dev/null; do
			tries=$((tries + 1))
			if [ $tries -gt 300 ]; then
				echo "cannot remove the cgroup $folder/$2" >&2
				exit 1
			fi
			sleep 0.1 # a process leaves its cgroups some time after it is killed
		done
	done
	exit $status
}
trap 'end "$@"' EXIT

for folder in $(hierarchies); do
	mkdir -p "$folder/$2" # a hierarchy may be mounted twice
	# In version 2, a cgroup has the controllers that the one above gives it. These are what the
	# kubelet wants. They are not switched off again: by then another may use them.
	for controller in cpu cpuset hugetlb memory pids; do
		if grep -qsw "$controller" "$folder/cgroup.controllers" && ! grep -qsw "$controller" "$folder/cgroup.subtree_control"; then
			echo "+$controller" > "$folder/cgroup.subtree_control" || cannot_give "$controller" "$folder"
		fi
	done
done

# Nothing of what is written to these gets to the real ones.
mount -t tmpfs -o mode=0755 pullpass-test "$1"
for folder in etc opt usr var; do
	mkdir -p "$1/$folder/changes" "$1/$folder/work"
	mount -t overlay -o "lowerdir=/$folder,upperdir=$1/$folder/changes,workdir=$1/$folder/work" pullpass-test "/$folder"
done
# Those that the kubelet sets.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	mkdir -p "$1/sys/${setting%/*}"
	cat "/proc/sys/$setting" > "$1/sys/$setting"
	mount --bind "$1/sys/$setting" "/proc/sys/$setting"
done

# What has to be empty at the start; an overlay's layers cannot be in an overlay, hence not
# containerd's either.
mount -t tmpfs -o mode=0755 pullpass-test /run
for folder in /etc/containerd /etc/kubernetes /var/lib/containerd /var/lib/kubelet /var/log/pods /var/log/containers; do
	mkdir -p "$folder"
	mount -t tmpfs -o mode=0755 pullpass-test "$folder"
done
mount --make-rshared / # as systemd has it

# No name leads to another machine.
rm -f /etc/resolv.conf
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' > /etc/resolv.conf

echo ready
cat > /dev/null
