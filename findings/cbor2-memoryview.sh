#!/usr/bin/env bash
# An uploader cuts chunks out of an image without copying: `memoryview(image)[off:off + n]` is the usual way in Python.
#
# Guessed: cbor2 6 refuses a memoryview as 5.x did, or writes the byte string that it stands for.
# Seen: 5.9.0 refuses ("cannot serialize"); 6.3.0 writes an array of small integers, with no error: three bytes of an
#   image become `83 00 18 80 18 ff` where `43 00 80 ff` is meant. `bytes` and `bytearray` are byte strings in both.
# Matters: after an update of cbor2 an upload's "data" is no longer the byte string that an SMP server wants, and the
#   error comes from the board, not from the line that is wrong. Wrap chunks in bytes().
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"

cat >encode.py <<'PY'
import importlib.metadata, cbor2
image = bytes.fromhex("0080ff")
for kind in (bytes, bytearray, memoryview):
    try:
        written = cbor2.dumps(kind(image)).hex(" ")
    except cbor2.CBOREncodeError as error:
        written = f"refused: {error}"
    print(f"cbor2 {importlib.metadata.version('cbor2')} {kind.__name__}: {written}")
PY
pypi cbor2==5.9.0
py encode.py >seen
pypi cbor2==6.3.0
py encode.py >>seen

expect <<'SEEN'
cbor2 5.9.0 bytes: 43 00 80 ff
cbor2 5.9.0 bytearray: 43 00 80 ff
cbor2 5.9.0 memoryview: refused: cannot serialize type <class 'memoryview'>
cbor2 6.3.0 bytes: 43 00 80 ff
cbor2 6.3.0 bytearray: 43 00 80 ff
cbor2 6.3.0 memoryview: 83 00 18 80 18 ff
SEEN
