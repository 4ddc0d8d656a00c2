# Shared by the scripts in this folder; sourced, never run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
TOOLS="$ROOT/.cache/tools"
export PATH="$TOOLS/bin:$PATH"

say() { printf '\n==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
fail() { printf '\nerror: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages, and only prints what to do where apt or the rights for it are missing.
apt_install() {
  have apt-get || fail "please install: $* (no apt-get here)"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || fail "please install as root: apt-get install $*"
    as_root=(sudo)
  fi
  note "apt-get install $*"
  if [ -z "${APT_UPDATED:-}" ]; then
    "${as_root[@]}" apt-get update -qq
    APT_UPDATED=1
  fi
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The first Chromium of this machine; SOTTO_CHROMIUM wins. Branded Chrome 137 and later ignores --load-extension.
find_chromium() {
  local candidate
  for candidate in "${SOTTO_CHROMIUM:-}" chromium chromium-browser \
    "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -n "$candidate" ] && have "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Which way to another target's standard library this machine has: `rustup` (prebuilt), `debian` (built from Debian's sources)
# or `none`.
std_route() {
  local libdir sysroot
  libdir="$(rustc --print target-libdir --target "$1" 2>/dev/null || true)"
  sysroot="$(/usr/bin/rustc --print sysroot 2>/dev/null || true)"
  if compgen -G "$libdir/libcore-*.rlib" >/dev/null; then
    echo rustup
  elif [ -x /usr/bin/cargo ] && [ -d "$sysroot/lib/rustlib/src/rust/library" ]; then
    echo debian
  else
    echo none
  fi
}

# The same for wasm32, which Debian's way needs a linker for.
wasm_route() {
  local route
  route="$(std_route wasm32-unknown-unknown)"
  if [ "$route" = debian ] && ! have wasm-ld; then route=none; fi
  echo "$route"
}
