#!/usr/bin/env bash
# Two CBOR items one after the other in a file or on a port, read with two calls of cbor2.load.
#
# Guessed: each call reads one item and leaves the stream behind it, in every release: that is what `load` from a stream
#   is for.
# Seen: 5.7.1, 5.9.0 and 6.3.0 do. 5.8.0 reads ahead: after the first call the stream stands at its end, and the second
#   call fails because nothing is left.
# Matters: where 5.8.0 is pinned, a log of CBOR records, or a serial port, gives its first item and loses what follows,
#   and neither an older nor a newer machine shows it.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"

cat >read.py <<'PY'
import importlib.metadata, io, cbor2
stream = io.BytesIO(cbor2.dumps({"off": 0}) + cbor2.dumps({"off": 256}))
said = [f"{cbor2.load(stream)}, {stream.tell()} bytes read"]
try:
    said.append(str(cbor2.load(stream)))
except EOFError as error:
    said.append(type(error).__name__)
print(f"cbor2 {importlib.metadata.version('cbor2')}:", "; then ".join(said))
PY
for release in 5.7.1 5.8.0 5.9.0 6.3.0; do
  pypi "cbor2==$release"
  py read.py >>seen
done

expect <<'SEEN'
cbor2 5.7.1: {'off': 0}, 6 bytes read; then {'off': 256}
cbor2 5.8.0: {'off': 0}, 14 bytes read; then CBORDecodeEOF
cbor2 5.9.0: {'off': 0}, 6 bytes read; then {'off': 256}
cbor2 6.3.0: {'off': 0}, 6 bytes read; then {'off': 256}
SEEN
