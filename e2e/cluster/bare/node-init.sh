#!/bin/sh
# Runs first in the new namespaces of a node, prepares its mounts, and becomes the program that holds them.
#   node-init.sh NAME ADDRESS FOLDER PAUSE
set -eu
name=$1 address=$2 folder=$3 pause=$4

mount --make-rshared / # Among the mounts of this namespace only: containers get mounts that are made later.
hostname "$name"
mount -t tmpfs -o mode=755 tmpfs /run

# Every path is the default of a real node, and nothing of it reaches the machine's own folders.
for below in etc var opt; do
  mkdir -p "$folder/upper/$below" "$folder/work/$below"
  mount -t overlay -o "lowerdir=/$below,upperdir=$folder/upper/$below,workdir=$folder/work/$below" overlay "/$below"
done
mkdir -p /run/netns /run/lock /run/sysctl /etc/cni/net.d /opt/cni/bin /var/log/pods /var/log/containers /var/lib/cni
# The upper folder of an overlay cannot be on an overlay, and containerd's images are overlays.
for below in containerd kubelet; do
  mkdir -p "$folder/$below" "/var/lib/$below"
  mount --bind "$folder/$below" "/var/lib/$below"
done
: > /etc/resolv.conf
echo "$name" > /etc/hostname
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" > /etc/hosts

# The kubelet sets these for the whole machine, unless they already have the value that it wants.
wanted() {
  echo "$2" > "/run/sysctl/$(basename "$1")"
  mount --bind "/run/sysctl/$(basename "$1")" "/proc/sys/$1"
}
wanted vm/overcommit_memory 1
wanted kernel/panic 10
wanted kernel/panic_on_oops 1
wanted kernel/keys/root_maxkeys 1000000
wanted kernel/keys/root_maxbytes 25000000

ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
touch /run/ready
exec "$pause"
