#!/usr/bin/env bash
# A compressed image is read back from a flash slot, with the rest of the slot behind it: 0xFF where the flash is
# erased, zeros where a tool padded with zeros. Python's lzma.decompress, on the raw streams of imgtool (LZMA2) and on
# .lzma files.
#
# Guessed: .lzma files bear either kind of padding; a raw stream with anything after its end is refused, since there is
#   no header by which a next stream could be told from padding.
# Seen: nearly the reverse. Raw LZMA2 bears both. A .lzma file and raw LZMA1 bear 0xFF, but with zeros behind them raise
#   "Compressed data ended before the end-of-stream marker": zeros may be the start of a next stream, 0xFF may not.
# Matters: the error reads like a truncated image, and the data is whole. Cut at the known length, or use
#   LZMADecompressor, whose `eof` is true and whose `unused_data` holds the padding.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
echo "python $(python3 -c 'import platform; print(platform.python_version())'): lzma of the standard library"

python3 - <<'PY' >seen
import lzma
image = bytes(range(256)) * 64
raw = lambda filter_id: dict(format=lzma.FORMAT_RAW, filters=[dict(id=filter_id, dict_size=131072, lc=3, lp=1, pb=2)])
forms = {".lzma": dict(format=lzma.FORMAT_ALONE), "raw LZMA1": raw(lzma.FILTER_LZMA1), "raw LZMA2": raw(lzma.FILTER_LZMA2)}
for name, form in forms.items():
    packed = lzma.compress(image, **form)
    for fill in (b"\xff", b"\0"):
        padded = packed + fill * 64
        try:
            said = "whole" if lzma.decompress(padded, **form) == image else "other data"
        except lzma.LZMAError as error:
            said = f"LZMAError: {error}"
        one = lzma.LZMADecompressor(**form)
        first = one.decompress(padded) == image
        print(f"{name} + 64 x {fill.hex()}: {said}; LZMADecompressor whole: {first}, eof {one.eof}, "
              f"{len(one.unused_data)} bytes over")
PY

expect <<'SEEN'
.lzma + 64 x ff: whole; LZMADecompressor whole: True, eof True, 64 bytes over
.lzma + 64 x 00: LZMAError: Compressed data ended before the end-of-stream marker was reached; LZMADecompressor whole: True, eof True, 64 bytes over
raw LZMA1 + 64 x ff: whole; LZMADecompressor whole: True, eof True, 64 bytes over
raw LZMA1 + 64 x 00: LZMAError: Compressed data ended before the end-of-stream marker was reached; LZMADecompressor whole: True, eof True, 64 bytes over
raw LZMA2 + 64 x ff: whole; LZMADecompressor whole: True, eof True, 64 bytes over
raw LZMA2 + 64 x 00: whole; LZMADecompressor whole: True, eof True, 64 bytes over
SEEN
