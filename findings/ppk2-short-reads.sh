#!/usr/bin/env bash
# A PPK2 sends four bytes for each of its 100,000 samples a second; the serial port hands them over in pieces of any
# size. ppk2-api's get_samples() takes such a piece and keeps what does not make up a sample for the next call.
#
# Guessed: a stream that is cut anywhere gives the same samples as the whole.
# Seen: ppk2-api 0.9.2 makes one sample of every piece that has under four bytes, as if it were complete, and then drops
#   or shifts what follows: in pieces of one byte, 40 samples become 160. Pieces of four bytes or more are right,
#   whatever their remainder.
# Matters: a short read comes when a loop reads often. It invents currents, of the wrong range as well, and the digital
#   channels that mark a boot are off from there. Collect at least four bytes before each call.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi ppk2-api==0.9.2 pyserial==3.5

cat >run.py <<'PY'
import struct
from ppk2_api import ppk2_api

class Port:
    def __init__(self, *_, **__): pass
    def write(self, _): pass
    def close(self): pass

ppk2_api.serial.Serial = Port

def meter():
    made = ppk2_api.PPK2_API("none")
    made.current_vdd, made.modifiers["Calibrated"] = 3000, "1"
    return made

# 14 bits of ADC, 3 of range, 6 of counter, 8 of digital channels; channel 0 is high from sample 20 on.
words = [(1000 + 10 * i) | (2 << 14) | ((i % 64) << 18) | ((i >= 20) << 24) for i in range(40)]
stream = struct.pack("<40I", *words)
whole, marks = meter().get_samples(stream)
print(f"whole: {len(whole)} samples, largest {max(whole):.0f} uA, high from sample {marks.index(1)}")
for size in (1, 2, 3, 4, 5, 6, 7, 33):
    ppk, samples, digital = meter(), [], []
    for at in range(0, len(stream), size):
        more, bits = ppk.get_samples(stream[at : at + size])
        samples += more
        digital += bits
    same = "the same" if (samples, digital) == (whole, marks) else "not the same"
    print(f"pieces of {size}: {len(samples)} samples, largest {max(samples):.0f} uA, {same}")
PY
py run.py >seen

expect <<'SEEN'
whole: 40 samples, largest 6054 uA, high from sample 20
pieces of 1: 160 samples, largest 11 uA, not the same
pieces of 2: 80 samples, largest 4348 uA, not the same
pieces of 3: 54 samples, largest 112413 uA, not the same
pieces of 4: 40 samples, largest 6054 uA, the same
pieces of 5: 40 samples, largest 6054 uA, the same
pieces of 6: 40 samples, largest 6054 uA, the same
pieces of 7: 40 samples, largest 6054 uA, the same
pieces of 33: 40 samples, largest 6054 uA, the same
SEEN
