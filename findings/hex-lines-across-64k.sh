#!/usr/bin/env bash
# An Intel HEX line holds a 16-bit offset. What of a line whose bytes cross the end of the 64 KiB that this can count?
# Here 70,000 bytes from 0xFFF9 on (an image that starts on no line boundary) go through every pair of tools.
#
# Guessed: every writer ends a line at the boundary, so every reader reads what every writer wrote.
# Seen: only intelhex, GNU objcopy and nrf-intel-hex end the line there. bincopy, hexrec and srec_cat write across, and
#   nrf-intel-hex refuses those files whole. With 24-bit addresses (02 records) bincopy writes across, too; there the
#   format's own rule is to wrap to the start of the segment, srec_cat follows it and reports two values for one byte.
# Matters: nrf-intel-hex is Nordic's own reader for JavaScript. A merged hex file that every Python tool takes is
#   refused as soon as one image in it starts off a line boundary near a multiple of 64 KiB. Slots that start on pages,
#   and images written from there, never meet this; trimmed or patched files do.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi intelhex==2.3.0 bincopy==20.1.1 hexrec==0.5.1
npmjs nrf-intel-hex@1.4.0
debian srecord=1.64-3 libsrecord0=1.64-3 binutils-arm-none-eabi=2.40-2+18+b1

py - <<'PY'
import io, bincopy, hexrec, intelhex
data = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(70000))
open("data.bin", "wb").write(data)
h = intelhex.IntelHex(); h.frombytes(data, 0xFFF9); h.write_hex_file("intelhex.hex")
b = bincopy.BinFile(); b.add_binary(data, 0xFFF9)
open("bincopy.hex", "w").write(b.as_ihex())
open("bincopy-24.hex", "w").write(b.as_ihex(address_length_bits=24))
out = io.BytesIO(); hexrec.IhexFile.from_bytes(data, offset=0xFFF9).serialize(out)
open("hexrec.hex", "wb").write(out.getvalue())
PY
deb srec_cat data.bin -binary -offset 0xFFF9 -o srec_cat.hex -intel
deb arm-none-eabi-objcopy -I binary -O ihex --change-addresses 0xFFF9 data.bin objcopy.hex
js <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import MemoryMap from "nrf-intel-hex";
const map = new MemoryMap();
map.set(0xfff9, readFileSync("../data.bin"));
writeFileSync("../nrf-intel-hex.hex", map.asHexString());
JS

for writer in intelhex objcopy nrf-intel-hex hexrec srec_cat bincopy bincopy-24; do
  py - "$writer" <<'PY'
import sys, bincopy, hexrec, intelhex
writer, file, data = sys.argv[1], sys.argv[1] + ".hex", open("data.bin", "rb").read()
lines = [l for l in open(file).read().split() if l.startswith(":") and l[7:9] == "00"]
across = sum(int(l[3:7], 16) + int(l[1:3], 16) > 0x10000 for l in lines)
h, b, m = intelhex.IntelHex(file), bincopy.BinFile(file), hexrec.IhexFile.load(file).memory
read = {"intelhex": (h.minaddr(), h.tobinstr()), "bincopy": (b.minimum_address, bytes(b.as_binary())),
        "hexrec": (m.start, bytes(m.to_bytes()))}
good = [name for name, got in read.items() if got == (0xFFF9, data)]
print(f"{writer}: lines across 64 KiB: {across}; read back by {', '.join(good)}", end="")
PY
  if deb arm-none-eabi-objcopy -I ihex -O binary "$writer.hex" o.bin 2>/dev/null && cmp -s o.bin data.bin; then
    printf ', objcopy'
  fi
  if deb srec_cat "$writer.hex" -intel -offset -0xFFF9 -o o.bin -binary 2>/dev/null && cmp -s o.bin data.bin; then
    printf ', srec_cat'
  fi
  js "../$writer.hex" <<'JS'
import { readFileSync } from "node:fs";
import MemoryMap from "nrf-intel-hex";
try {
  const [[start, bytes]] = [...MemoryMap.fromHex(readFileSync(process.argv[2], "utf8")).join()];
  if (start === 0xfff9 && readFileSync("../data.bin").equals(bytes)) process.stdout.write(", nrf-intel-hex");
} catch (error) {
  process.stdout.write(`; nrf-intel-hex refuses (${/wraps over 0xFFFF/.exec(error.message)})`);
}
console.log();
JS
done >seen

expect <<'SEEN'
intelhex: lines across 64 KiB: 0; read back by intelhex, bincopy, hexrec, objcopy, srec_cat, nrf-intel-hex
objcopy: lines across 64 KiB: 0; read back by intelhex, bincopy, hexrec, objcopy, srec_cat, nrf-intel-hex
nrf-intel-hex: lines across 64 KiB: 0; read back by intelhex, bincopy, hexrec, objcopy, srec_cat, nrf-intel-hex
hexrec: lines across 64 KiB: 2; read back by intelhex, bincopy, hexrec, objcopy, srec_cat; nrf-intel-hex refuses (wraps over 0xFFFF)
srec_cat: lines across 64 KiB: 1; read back by intelhex, bincopy, hexrec, objcopy, srec_cat; nrf-intel-hex refuses (wraps over 0xFFFF)
bincopy: lines across 64 KiB: 2; read back by intelhex, bincopy, hexrec, objcopy, srec_cat; nrf-intel-hex refuses (wraps over 0xFFFF)
bincopy-24: lines across 64 KiB: 2; read back by intelhex, bincopy, hexrec, objcopy; nrf-intel-hex refuses (wraps over 0xFFFF)
SEEN
