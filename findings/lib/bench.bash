# Sourced by every finding: a temporary folder that is removed at the end, pinned packages in it, and a comparison of
# what is seen today with what was seen when the finding was written.
#
#   pypi NAME==VERSION…     a venv with these packages; `py` runs its python, `$WORK/py/bin` holds its commands
#   npmjs NAME@VERSION…     a node_modules with these packages (no install scripts); `js` runs node beside it
#   debian NAME=VERSION…    unpacked packages of this system's Debian; `deb NAME ARG…` runs a command of theirs
#   expect <<'SEEN'         compares $WORK/seen with the text given, prints it, and fails where they differ
#
# Exit codes: 0 still as written · 1 it changed · 2 a package cannot be had here.
set -euo pipefail

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

unavailable() {
  echo "cannot be had here: $*" >&2
  exit 2
}

pypi() {
  echo "python $(python3 -c 'import platform; print(platform.python_version())'): $*"
  [[ -d $WORK/py ]] || python3 -m venv "$WORK/py"
  "$WORK/py/bin/pip" install -q --no-input "$@" >"$WORK/pip.log" 2>&1 || {
    tail -3 "$WORK/pip.log" >&2
    unavailable "$@"
  }
}

py() { "$WORK/py/bin/python" "$@"; }

npmjs() {
  echo "node $(node --version): $*"
  mkdir -p "$WORK/js"
  [[ -f $WORK/js/package.json ]] || echo '{"private":true}' >"$WORK/js/package.json"
  (cd "$WORK/js" && npm install --no-audit --no-fund --ignore-scripts --loglevel=error --save-exact "$@") \
    >"$WORK/npm.log" 2>&1 || { tail -3 "$WORK/npm.log" >&2; unavailable "$@"; }
}

# Runs the module on standard input as ES module, beside node_modules.
js() {
  cat >"$WORK/js/run.mjs"
  (cd "$WORK/js" && node run.mjs "$@")
}

debian() {
  echo "$(. /etc/os-release && echo "$PRETTY_NAME"): $*"
  local package
  for package in "$@"; do
    (cd "$WORK" && apt-get download "$package" >"$WORK/apt.log" 2>&1) || unavailable "$package (apt-get update first?)"
  done
  for package in "$WORK"/*.deb; do dpkg -x "$package" "$WORK/root"; done
}

deb() {
  local name=$1
  shift
  LD_LIBRARY_PATH="$WORK/root/usr/lib/x86_64-linux-gnu" "$WORK/root/usr/bin/$name" "$@"
}

expect() {
  cat >"$WORK/expected"
  if diff -u --label "as written" --label "seen now" "$WORK/expected" "$WORK/seen"; then
    cat "$WORK/seen"
    echo "STILL SO"
  else
    echo "CHANGED: the finding no longer holds as written" >&2
    exit 1
  fi
}
