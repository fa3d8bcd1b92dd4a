#!/usr/bin/env bash
# A build step went wrong and left an application of 0 bytes; the next step signs it.
#
# Guessed: imgtool refuses, or at least warns: there is nothing to sign, no vector table, nothing that could boot.
# Seen: imgtool 2.5.0 makes an image whose header says 0 bytes of body, with hash and TLVs, and exits 0 without a word.
# Matters: exit code and presence of the output are no proof of a build. Check the size of what goes in.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi imgtool==2.5.0

: >empty.bin
{
  "$WORK/py/bin/imgtool" sign --header-size 0x200 --pad-header --slot-size 0x10000 --align 4 --version 1.0.0 \
    empty.bin signed.bin 2>&1 && echo "imgtool sign: exit 0, $(stat -c %s signed.bin) bytes"
  py - <<'PY'
import struct
print("body in the header:", struct.unpack_from("<I", open("signed.bin", "rb").read(), 12)[0], "bytes")
PY
} >seen

expect <<'SEEN'
imgtool sign: exit 0, 552 bytes
body in the header: 0 bytes
SEEN
