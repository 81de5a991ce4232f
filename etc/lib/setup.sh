# What etc/run, etc/test and etc/bench share. To be sourced from the repository's root.
# shellcheck shell=bash

# What the build links: FFmpeg's libraries, LAME, libcrypto, SQLite, and the tool by which SwiftPM finds them.
# shellcheck disable=SC2034 # the sourcing script reads it
build_packages=(
  libavformat-dev libavcodec-dev libswresample-dev libavutil-dev libmp3lame-dev libssl-dev libsqlite3-dev pkg-config
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

# build_release: the program that is meant to be used, which needs no Swift toolchain to run. Its path is in $program.
build_release() {
  local build=(swift build -c release --product mp3spool --static-swift-stdlib)
  "${build[@]}" >&2
  # shellcheck disable=SC2034 # the sourcing script reads it
  program=$("${build[@]}" --show-bin-path)/mp3spool
}
