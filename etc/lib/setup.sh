# What etc/run, etc/test, etc/bench and etc/tune-lame share. To be sourced from the repository's root.
# shellcheck shell=bash

# What the build links: the libraries of FFmpeg, LAME, libebur128, libseccomp, libcrypto, SQLite; and the tool by which
# SwiftPM finds them.
# shellcheck disable=SC2034 # the sourcing script reads it
build_packages=(
  libavformat-dev libavcodec-dev libswresample-dev libavutil-dev libmp3lame-dev libebur128-dev libseccomp-dev libssl-dev
  libsqlite3-dev pkg-config
)

# complain SENTENCE…: each to standard error.
complain() { printf '%s\n' "$@" >&2; }

# need_packages PACKAGE…: installs what is missing, where it may; else says how, and ends (69 is EX_UNAVAILABLE).
need_packages() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null; then
    complain "This is no Debian system, so nothing is installed. What must be there: $*"
    return
  fi
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == *' installed' ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID)); then
    complain "Some packages are missing. Run this as root, then start again:" \
      "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    exit 69
  fi
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# need_swift: the toolchain has no Debian package, so it is only asked for.
need_swift() {
  command -v swift >/dev/null && return
  complain "There is no 'swift' in the PATH. Install the Swift 6.3 toolchain from https://www.swift.org/install/."
  exit 69
}

# need_python KIND: a private Python, in the person's cache, with what etc/lib/KIND/requirements.txt pins: the rivals of
# etc/bench (bench), the clients of etc/test (test), its browser's driver (web) or the judges of etc/test package (package).
# Its path is in $python.
need_python() {
  local kind=$1 pinned venv
  pinned=etc/lib/$kind/requirements.txt
  venv=${XDG_CACHE_HOME:-$HOME/.cache}/mp3spool/$kind-$(sha256sum "$pinned" | cut -c 1-12)
  # shellcheck disable=SC2034 # the sourcing script reads it
  python=$venv/bin/python3
  [[ -e $venv/complete ]] && return
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pinned" >&2
  touch "$venv/complete"
}

# need_prometheus: prometheus and promtool in the PATH. Debian's package would start a service, so only its programs are
# taken, into the person's cache. Where they cannot be had, the tests that need them say so and are left out.
need_prometheus() {
  local folder
  command -v prometheus >/dev/null && command -v promtool >/dev/null && return
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/mp3spool/prometheus
  if [[ ! -x $folder/usr/bin/prometheus ]]; then
    mkdir -p "$folder"
    if ! (cd "$folder" && { apt-get download prometheus || { ((EUID == 0)) && apt-get update && apt-get download prometheus; }; } &&
      dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb) >&2; then
      complain "Prometheus cannot be had (apt-get download prometheus); its tests are left out."
      return
    fi
  fi
  export PATH=$folder/usr/bin:$PATH
}

# The program that is meant to be used, which needs no Swift toolchain to run.
release_build=(swift build -c release --product mp3spool --static-swift-stdlib)

# find_release: where build_release puts it. The path is in $program.
find_release() {
  # shellcheck disable=SC2034 # the sourcing script reads it
  program=$("${release_build[@]}" --show-bin-path)/mp3spool
}

build_release() {
  "${release_build[@]}" >&2
  find_release
}
