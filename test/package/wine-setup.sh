#!/usr/bin/env bash
# Makes a wine that runs 64-bit Node 24 and 32-bit installers on a Debian machine: a trixie chroot with wine 10 for amd64, and
# beside it the 32-bit Windows libraries of the same wine, as data. No foreign architecture is added to the machine.
#
#   test/package/wine-setup.sh [DIR]      DIR: where it is kept, /var/cache/kits-agent-wine without one (about 1.6 GB)
#
# Needs root and debootstrap. Fetches only from the Debian mirror that this machine's apt uses, checked by Debian's own keys.
# Ends with 0 when wine runs; a second run finds it made and takes no time. Ends with 3 when it cannot be made here.
set -euo pipefail
dir=${1:-${KITS_WINE_DIR:-/var/cache/kits-agent-wine}}
root=$dir/chroot
made=$dir/made
cannot() { echo "no wine set-up: $1" >&2; exit 3; }

[ "$(id -u)" = 0 ] || cannot 'it takes root to make a chroot'
[ "$(dpkg --print-architecture)" = amd64 ] || cannot 'it is for amd64 alone'
command -v debootstrap >/dev/null || cannot 'the package debootstrap is missing'
mountpoints() {
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  mountpoint -q "$root/dev" || { mount --bind /dev "$root/dev" && mount --make-private "$root/dev"; } # what is mounted inside stays inside
  mountpoint -q "$root/dev/shm" || mount -t tmpfs tmpfs "$root/dev/shm"
  mkdir -p "$root/machines" "$dir/machines"
  mountpoint -q "$root/machines" || mount --bind "$dir/machines" "$root/machines"
}
if [ -e "$made" ]; then mountpoints; exit 0; fi

# The first mirror with Debian's main archive; the security archive holds none of this.
mirror=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true; } |
  sed -nE 's/^URIs:[[:space:]]*(\S*\/debian)\/?(\s.*)?$/\1/p; s/^deb\s+(\[[^]]*\]\s+)?(\S*\/debian)\/?\s.*$/\2/p' | head -n 1)
[ -n "$mirror" ] || cannot "the sources of apt name no mirror that ends with /debian"
keys=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$dir"
if [ ! -e "$root/usr/bin/wine" ]; then
  if mountpoint -q "$root/proc"; then umount -l "$root/machines" "$root/dev/shm" "$root/dev" "$root/proc" || true; fi
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase --arch=amd64 --keyring="$keys" trixie "$root" "$mirror" >"$dir/debootstrap.log" ||
    cannot "debootstrap failed, see $dir/debootstrap.log"
  cp -n /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  mountpoints
  chroot "$root" apt-get update -qq || cannot 'apt-get update failed in the chroot'
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wine wine64 >"$dir/install.log" 2>&1 ||
    cannot "wine could not be installed, see $dir/install.log"
fi
mountpoints

# The 32-bit side of the same wine. The index of one suite may be out of step on a mirror; the next one has the same series.
series=$(chroot "$root" dpkg-query -W -f '${Version}' libwine | sed 's/~.*//')
for suite in trixie sid; do
  apt=$dir/apt-$suite
  rm -rf "$apt"; mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/etc/preferences.d"
  : >"$apt/state/status"
  echo "deb [arch=i386 signed-by=$keys] $mirror $suite main" >"$apt/etc/sources.list"
  options=(-o APT::Architecture=i386 -o APT::Architectures::=i386 -o Dir::State="$apt/state" -o Dir::Cache="$apt/cache"
    -o Dir::State::status="$apt/state/status" -o Dir::Etc::sourcelist="$apt/etc/sources.list" -o Dir::Etc::sourceparts=-
    -o Dir::Etc::preferencesparts="$apt/etc/preferences.d" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update -qq >"$apt/log" 2>&1 || continue
  version=$(apt-cache "${options[@]}" madison libwine | awk -F'|' '{gsub(/ /,"",$2); print $2}' | grep "^$series~" | head -n 1) || true
  [ -n "$version" ] || continue
  (cd "$apt" && apt-get "${options[@]}" download "libwine=$version" >>log 2>&1) || continue
  dpkg-deb -x "$apt"/libwine_*_i386.deb "$apt/x"
  mkdir -p "$root/usr/lib/x86_64-linux-gnu/wine/i386-windows"
  cp "$apt"/x/usr/lib/i386-linux-gnu/wine/i386-windows/* "$root/usr/lib/x86_64-linux-gnu/wine/i386-windows/"
  echo "wine $series for amd64, 32-bit libraries $version of $suite" >"$dir/versions"
  rm -rf "$apt"
  break
done
[ -e "$dir/versions" ] || cannot "the 32-bit libraries of wine $series could not be fetched, see $dir/apt-*/log"
touch "$made"
cat "$dir/versions"
