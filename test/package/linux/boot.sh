#!/usr/bin/env bash
# A real systemd as first process of a namespace over an overlay of this machine's root: packages are installed, started, killed
# and purged for real, and nothing of it reaches this machine. Started by booted-system.ts through unshare; $1 is a folder for
# what is written, $2 receives the time of the clock when systemd takes over.
set -eu
upper=$1
mount --make-rprivate /
mkdir -p "$upper/up" "$upper/scratch" "$upper/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper/up,workdir=$upper/scratch" "$upper/root"
cd "$upper/root"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount --rbind /dev dev
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
# Nothing of the kernel may be set from in here, and nothing but what a test starts has to run.
mkdir -p run/systemd/system etc/systemd/system
rm -f usr/sbin/policy-rc.d
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service systemd-tmpfiles-setup-dev.service \
	systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-random-seed.service systemd-hwdb-update.service \
	systemd-tmpfiles-setup.service systemd-remount-fs.service systemd-update-utmp.service systemd-firstboot.service systemd-machine-id-commit.service \
	proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
	apparmor.service networking.service; do
	ln -sf /dev/null "run/systemd/system/$unit"
done
printf '[Unit]\nRequires=sysinit.target\nWants=dbus.socket systemd-journald.service\nAfter=sysinit.target dbus.socket\nAllowIsolate=yes\n' >run/systemd/system/bench.target
ip link set lo up
mkdir -p mnt/old
pivot_root . mnt/old
umount -l /mnt/old
export container=unshare
exec /lib/systemd/systemd --system --unit=bench.target --show-status=0 </dev/null
