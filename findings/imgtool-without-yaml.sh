#!/usr/bin/env bash
# A lab pins the imgtool that belongs to its SDK's MCUboot and installs it alone, `pip install imgtool==2.1.0`, to look at
# images or print a version: every release from 1.8.0 on.
#
# Guessed: each starts; what it needs comes with it.
# Seen: 2.0.0 and 2.1.0 end in "No module named 'yaml'" before they read an argument, `imgtool version` too: their
#   dependencies (cbor2, click, cryptography, intelhex) lack pyyaml, which 2.2.0 added. 1.8.0 to 1.10.0 and 2.2.0 to
#   2.5.0 start.
# Matters: inside an SDK's environment pyyaml is there, so it shows first on the clean machine that tests releases. Pin
#   pyyaml beside these two, or take 2.2.0.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"

for release in 1.10.0 2.0.0 2.1.0 2.2.0 2.5.0; do
  rm -rf "$WORK/py"
  pypi "imgtool==$release"
  "$WORK/py/bin/imgtool" version >out 2>&1 && said="starts" || said="$(tail -1 out)"
  needs=$("$WORK/py/bin/pip" show imgtool | sed -n 's/^Requires: //p' | tr -d ' ' | tr ',' '\n' | sort | paste -sd' ')
  echo "$release: $said; needs $needs"
done | grep -v '^python ' >seen

expect <<'SEEN'
1.10.0: starts; needs cbor2 click cryptography intelhex
2.0.0: ModuleNotFoundError: No module named 'yaml'; needs cbor2 click cryptography intelhex
2.1.0: ModuleNotFoundError: No module named 'yaml'; needs cbor2 click cryptography intelhex
2.2.0: starts; needs cbor2 click cryptography intelhex pyyaml
2.5.0: starts; needs cbor2 click cryptography intelhex pyyaml
SEEN
