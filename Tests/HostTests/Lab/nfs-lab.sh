#!/usr/bin/env bash
# nfs-lab.sh - a real NFS share with N client hosts, each its own Linux kernel, on one machine.
#
# One User-Mode Linux process per host: 'server' runs the kernel's nfsd on an ext4 disk image, the clients 'a' 'b' 'c'…
# mount it on /share with the kernel's NFS client. The root file system of each is THIS machine's / (read-only hostfs
# under a private tmpfs overlay), so this machine's binaries and libraries run there at the same paths. All traffic
# stays in one network namespace. Needs: root, Debian with an apt mirror, /dev/net/tun, bridges and taps in the kernel.
# No KVM, no kernel modules. Installs nothing on this machine: the packages are unpacked under $NFSLAB_PACKAGES.
#
#   nfs-lab.sh up [N]            start the server and N clients (2)
#   nfs-lab.sh exec HOST CMD…    run CMD on a host (stdin, stdout, stderr, exit status as with ssh)
#   nfs-lab.sh cut|heal HOST     pull / plug its data network cable (exec still works)
#   nfs-lab.sh kill|start HOST   power loss (SIGKILL: what was not on disk is lost) / power on
#   nfs-lab.sh pause|cont HOST   freeze / thaw the whole host
#   nfs-lab.sh log HOST          its kernel console and boot messages
#   nfs-lab.sh down              end all of it and remove $NFSLAB_DIR; the unpacked packages stay
#
# On every host: /share = the NFS share (server: the exported directory itself), /host = $NFSLAB_DIR/host (this
# machine's, read-write, not NFS: a side channel), /local = a disk of its own that outlives power losses (clients),
# /hostfs = this machine's / (read-only). /tmp and /run are empty. Writes anywhere else are private to the host and lost
# when it stops. A file of this machine that a host has read and that changes here later stays stale there; not under
# /host. Commands outlive an interrupted 'exec': bound them with timeout(1) inside.
#
# Two labs at a time differ in NFSLAB_DIR and NFSLAB_NETNS. Other settings of 'up' and 'start': NFSLAB_PACKAGES, NFSOPTS
# (client mount options), NFSLEASE (lease and grace period, s), NFSEXPORT (export options), NFSMEM (memory of a host),
# NFSDISK (size of each disk).
set -euo pipefail
: "${NFSLAB_DIR:=/var/tmp/nfs-lab}" "${NFSLAB_NETNS:=nfslab}"
: "${NFSLAB_PACKAGES:=${XDG_CACHE_HOME:-$HOME/.cache}/mp3spool/nfs-lab}"
# As the README advises it for a spool.
: "${NFSOPTS:=vers=4.2,hard,lookupcache=positive,acdirmin=1,acdirmax=5}"
: "${NFSLEASE:=10}" "${NFSMEM:=512M}" "${NFSDISK:=4G}" "${NFSEXPORT:=rw,sync,no_subtree_check,no_root_squash}"
lab=$NFSLAB_DIR unpacked=$NFSLAB_PACKAGES/root

die() {
  echo "nfs-lab: $*" >&2
  exit 1
}

# with_libraries COMMAND…: the unpacked programs find their libraries beside them.
with_libraries() { LD_LIBRARY_PATH=$unpacked/usr/lib/x86_64-linux-gnu "$@"; }

# number HOST: the last part of its addresses, and of its hardware's.
number() {
  case $1 in
    server) echo 1 ;;
    [a-z]) echo $(($(printf %d "'$1") - 86)) ;;
    *) die "there is no host '$1'" ;;
  esac
}

# group HOST: the process group of its kernel.
group() { cat "$lab/run/$1.pid"; }

alive() { [[ -e $lab/run/$1.pid ]] && pgrep -g "$(group "$1")" -r D,R,S,T,t -f " umid=$1 " >/dev/null; }

# quoted WORD…: for the shell at the other end.
quoted() {
  local word
  for word; do printf " '%s'" "${word//\'/"'\\''"}"; done
}

# power_off HOST: kills all of its processes, and waits until only zombies are left.
power_off() {
  while alive "$1"; do
    kill -KILL -- "-$(group "$1")" 2>/dev/null || true
    sleep 0.02
  done
  rm -f "$lab/run/$1.pid"
}

download() {
  apt-get -qq install -y --reinstall --no-install-recommends --download-only -o Debug::NoLocking=1 \
    -o APT::Sandbox::User=root -o Dir::Cache::archives="$NFSLAB_PACKAGES/debs" user-mode-linux nfs-kernel-server \
    nfs-common rpcbind keyutils kmod dropbear-bin iproute2 dmsetup >"$NFSLAB_PACKAGES/apt.log" 2>&1
}

# unpack: what this machine lacks of these packages, with one /usr as on a merged system.
unpack() {
  local directory package
  [[ -e $NFSLAB_PACKAGES/complete ]] && return
  mkdir -p "$NFSLAB_PACKAGES/debs/partial" "$unpacked"/usr/{bin,sbin,lib,lib64}
  for directory in bin sbin lib lib64; do ln -sfn "usr/$directory" "$unpacked/$directory"; done
  download || { apt-get -qq update && download; } || die "apt-get: $(tail -n 3 "$NFSLAB_PACKAGES/apt.log")"
  for package in "$NFSLAB_PACKAGES"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$unpacked" || die "$package"
  done
  ln -sfn uml/modules "$unpacked/usr/lib/modules"
  touch "$NFSLAB_PACKAGES/complete"
}

# make_keys: the hosts share one; only this lab's commands get in.
make_keys() {
  local key last
  mkdir -p "$lab/.ssh"
  [[ -e $lab/key.pub ]] && return
  key=$(with_libraries "$unpacked/usr/bin/dropbearkey" -t ed25519 -f "$lab/hostkey" 2>/dev/null | grep -o '^ssh-ed25519 [^ ]*')
  for last in {1..40}; do echo "10.78.0.$last $key"; done >"$lab/.ssh/known_hosts"
  with_libraries "$unpacked/usr/bin/dropbearkey" -t ed25519 -f "$lab/key" 2>/dev/null | grep ^ssh- >"$lab/key.pub"
}

# make_network: the bridge of the data network, which 'cut' and 'heal' mean, and that of 'exec', where this machine
# takes part.
make_network() {
  local kind
  ip netns add "$NFSLAB_NETNS"
  ip -n "$NFSLAB_NETNS" link set lo up
  for kind in d c; do
    ip -n "$NFSLAB_NETNS" link add br_$kind type bridge
    ip -n "$NFSLAB_NETNS" link set br_$kind up
  done
  ip -n "$NFSLAB_NETNS" addr add 10.78.0.254/24 dev br_c
}

# init: what runs as process 1 of every host; HOST, N, LAB and the settings come from its kernel's command line.
init() {
  cat <<'END'
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
if [ "${1-}" != two ]; then
  mount -t proc proc /proc; mount -t tmpfs tmpfs /mnt; mkdir /mnt/{t,u,w,r}
  # finit_module(2): there is no modprobe yet.
  perl -e 'open F, "<", shift or die; $e = ""; syscall(313, fileno(F), $e, 0) == 0 or die "$!"' \
    "$UNPACKED"/usr/lib/modules/*/kernel/fs/overlayfs/overlay.ko
  mount -t hostfs -o "$UNPACKED" none /mnt/t
  mount -t overlay -o lowerdir=/mnt/t:/,upperdir=/mnt/u,workdir=/mnt/w root /mnt/r
  cd /mnt/r && mkdir -p hostfs host share srv local && pivot_root . hostfs && exec chroot . "/hostfs$LAB/init" two
  exec sleep 99d
fi
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts
for d in /run /tmp /dev/shm; do mount -t tmpfs -o mode=1777 tmpfs $d; done; mkdir /run/lock
mount -t hostfs -o "$LAB/host" none /host
hostname "$HOST"; echo "$HOST" >/etc/hostname; ln -sf /proc/mounts /etc/mtab
printf '%s' "$HOST$LAB" | md5sum | cut -c1-32 >/etc/machine-id
{ echo 127.0.0.1 localhost; echo 10.77.0.1 server; n=11; for i in {a..z}; do echo "10.77.0.$((n++)) $i"; done; } >/etc/hosts
ip link set lo up
ip addr add "10.77.0.$N/24" dev vec0; ip link set vec0 up
ip addr add "10.78.0.$N/24" dev vec1; ip link set vec1 up
sed -i 's#^\(root:.*:\).*#\1/bin/sh#' /etc/passwd
echo '_rpc:x:103:65534::/run/rpcbind:/usr/sbin/nologin
statd:x:104:65534::/var/lib/nfs:/usr/sbin/nologin' >>/etc/passwd
mkdir -p /root/.ssh; cp "/hostfs$LAB/key.pub" /root/.ssh/authorized_keys; chmod 700 /root /root/.ssh
dropbear -r "/hostfs$LAB/hostkey" -s -p "10.78.0.$N:22"
mkdir -p /var/lib/nfs
if [ "$HOST" = server ]; then
  mount -t ext4 /dev/ubda /srv; mkdir -p /srv/share /srv/nfs/{sm,sm.bak,nfsdcld,rpc_pipefs}
  mount --bind /srv/nfs /var/lib/nfs; mount --bind /srv/share /share
  chown -R statd /srv/nfs/sm*; touch /etc/exports /srv/nfs/{etab,rmtab}
  modprobe lockd nlm_grace_period="$NFSLEASE"; modprobe nfsd
  mount -t nfsd nfsd /proc/fs/nfsd; mount -t rpc_pipefs rpc /var/lib/nfs/rpc_pipefs
  echo "$NFSLEASE" >/proc/fs/nfsd/nfsv4leasetime; echo "$NFSLEASE" >/proc/fs/nfsd/nfsv4gracetime
  printf '[exports]\nrootdir=/srv\n' >/etc/nfs.conf # so that the v4 root is ext4: overlayfs cannot be exported
  rpcbind -w; rpc.statd; nfsdcld; exportfs -o "$NFSEXPORT" '*:/share'; rpc.mountd; rpc.nfsd 4
else
  mount -t ext4 /dev/ubda /local
  case $NFSOPTS in *vers=3*) rpcbind -w; rpc.statd ;; esac
  until (exec 3<>/dev/tcp/server/2049) 2>/dev/null; do sleep 0.1; done
  until mount -t nfs -o "$NFSOPTS" server:/share /share; do sleep 0.2; done
fi
echo "$HOST up after $(cut -d' ' -f1 /proc/uptime) s"; touch "/host/.up.$HOST"
while :; do sleep 99d & wait $!; done
END
}

# plug HOST: a network card in each network, where it has none yet.
plug() {
  local kind
  ip -n "$NFSLAB_NETNS" link show "d_$1" >/dev/null 2>&1 && return
  for kind in d c; do
    ip -n "$NFSLAB_NETNS" tuntap add dev "${kind}_$1" mode tap
    ip -n "$NFSLAB_NETNS" link set "${kind}_$1" master br_$kind up
  done
}

# card INDEX INTERFACE HARDWARE: how the kernel is told of one.
card() { echo "vec$1:transport=tap,ifname=$2,depth=64,gro=1,mac=52:54:00:$3"; }

# boot HOST NUMBER DISK: becomes its kernel.
boot() {
  local hex descriptor
  hex=$(printf %02x "$2")
  # Whoever started this script may wait for the end of what it has handed down.
  for descriptor in /proc/"$BASHPID"/fd/*; do
    descriptor=${descriptor##*/}
    ((descriptor <= 2)) || exec {descriptor}>&-
  done
  exec nsenter --net="/run/netns/$NFSLAB_NETNS" setsid "$unpacked/usr/bin/linux.uml" umid="$1" uml_dir="$lab/run/" \
    mem="$NFSMEM" root=/dev/root rootfstype=hostfs rootflags=/ ro init="$lab/init" con=null con0=null,fd:1 ssl=null \
    quiet "$(card 0 "d_$1" "77:00:$hex")" "$(card 1 "c_$1" "78:00:$hex")" ubda="$3" HOST="$1" N="$2" LAB="$lab" \
    UNPACKED="$unpacked" NFSOPTS="$NFSOPTS" NFSLEASE="$NFSLEASE" NFSEXPORT="$NFSEXPORT"
}

# power_on HOST: boots it, and does not wait.
power_on() {
  local last disk=$lab/disk.$1
  last=$(number "$1")
  alive "$1" && die "$1 is already up"
  plug "$1"
  if [[ ! -e $disk ]]; then
    truncate -s "$NFSDISK" "$disk"
    /sbin/mke2fs -q -t ext4 "$disk"
  fi
  rm -f "$lab/host/.up.$1"
  boot "$1" "$last" "$disk" </dev/null >>"$lab/run/$1.log" 2>&1 &
  echo $! >"$lab/run/$1.pid"
}

# A client whose server is away comes up when that does; it may ask seldom (TCP doubles its pauses).
await() {
  local tenths
  for tenths in {1..2400}; do
    [[ -e $lab/host/.up.$1 ]] && return
    # In its first moments its process is not yet what it is to become.
    ((tenths < 100)) || alive "$1" || break
    sleep 0.1
  done
  die "$1 did not come up: see '$0 log $1'"
}

up() {
  local host hosts=(server)
  ((EUID == 0)) || die "needs root"
  [[ -e /run/netns/$NFSLAB_NETNS ]] && die "already up (or: $0 down)"
  unpack
  mkdir -p "$lab/run" "$lab/host"
  make_keys
  init >"$lab/init"
  chmod +x "$lab/init"
  make_network
  for host in {a..z}; do
    ((${#hosts[@]} > $1)) || hosts+=("$host")
  done
  for host in "${hosts[@]}"; do power_on "$host"; done
  for host in "${hosts[@]}"; do await "$host"; done
}

# run_on HOST COMMAND…: UML does not restore registers that only AVX-512 has after a signal's handler, so glibc is kept
# off them.
run_on() {
  local command
  command="cd$(quoted "$PWD") 2>/dev/null; exec$(quoted env PATH="$PATH" LANG=C.UTF-8 \
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW "${@:2}")"
  export HOME=$lab
  with_libraries nsenter --net="/run/netns/$NFSLAB_NETNS" "$unpacked/usr/bin/dbclient" -i "$lab/key" -T \
    "root@10.78.0.$(number "$1")" "$command"
}

down() {
  local file
  for file in "$lab"/run/*.pid; do
    [[ -e $file ]] && power_off "$(basename "$file" .pid)"
  done
  ip netns del "$NFSLAB_NETNS" 2>/dev/null || true
  rm -rf "$lab"/{run,host,.ssh,init,hostkey,key,key.pub} "$lab"/disk.*
  if [[ -d $lab ]]; then rmdir "$lab"; fi
}

# signal NAME HOST: to its kernel, without which its processes do nothing.
signal() {
  alive "$2" || die "$2 is not up"
  kill "-$1" "$(group "$2")"
}

usage() {
  sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0"
  exit 64
}

case ${1:-} in
  up) up "${2:-2}" ;;
  exec) run_on "${@:2}" ;;
  start)
    power_on "$2"
    await "$2"
    ;;
  kill) power_off "$2" ;;
  pause) signal STOP "$2" ;;
  cont) signal CONT "$2" ;;
  cut) ip -n "$NFSLAB_NETNS" link set "d_$2" nomaster ;;
  heal) ip -n "$NFSLAB_NETNS" link set "d_$2" master br_d ;;
  log) cat "$lab/run/$2.log" ;;
  down) down ;;
  *) usage ;;
esac
