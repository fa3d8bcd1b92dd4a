#!/usr/bin/env bash
# Bootloader and application put into one file with `cat a.hex b.hex`: an end-of-file record stands in the middle.
#
# Guessed: readers that stop at the first end record do so in silence (intelhex, GNU objcopy), bincopy goes on, and the
#   strict ones say something: hexrec raises, srec_cat, which warns about far less, warns.
# Seen: hexrec and srec_cat stop in silence, too, with exit code 0. Only nrf-intel-hex refuses the file. bincopy alone
#   has both halves.
# Matters: the same file flashes a bootloader with an application from one tool and without from four others. Merge with
#   a tool that knows the format, and look at what a merged file holds, not at whether a tool took it.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi intelhex==2.3.0 bincopy==20.1.1 hexrec==0.5.1
npmjs nrf-intel-hex@1.4.0
debian srecord=1.64-3 libsrecord0=1.64-3 binutils-arm-none-eabi=2.40-2+18+b1

# Four bytes at 0, four bytes at 0x10, each file complete.
printf ':0400000001020304F2\n:00000001FF\n' >boot.hex
printf ':0400100005060708D2\n:00000001FF\n' >app.hex
cat boot.hex app.hex >both.hex

{
  py - <<'PY'
import bincopy, hexrec, intelhex
print("intelhex      ", [hex(start) for start, _ in intelhex.IntelHex("both.hex").segments()])
print("bincopy       ", [hex(s.address) for s in bincopy.BinFile("both.hex").segments])
print("hexrec        ", [hex(start) for start, _ in hexrec.IhexFile.load("both.hex").memory.to_blocks()])
PY
  js "$WORK/both.hex" <<'JS'
import { readFileSync } from "node:fs";
import MemoryMap from "nrf-intel-hex";
try {
  console.log("nrf-intel-hex ", [...MemoryMap.fromHex(readFileSync(process.argv[2], "utf8")).keys()]);
} catch (error) {
  console.log("nrf-intel-hex  refuses:", error.message);
}
JS
  deb srec_cat both.hex -intel -o out.bin -binary 2>&1
  echo "srec_cat       exit $?, $(stat -c %s out.bin) bytes"
  deb arm-none-eabi-objcopy -I ihex -O binary both.hex out.bin 2>&1
  echo "objcopy        exit $?, $(stat -c %s out.bin) bytes"
} >seen

expect <<'SEEN'
intelhex       ['0x0']
bincopy        ['0x0', '0x10']
hexrec         ['0x0']
nrf-intel-hex  refuses: There is data after an EOF record at record 2
srec_cat       exit 0, 4 bytes
objcopy        exit 0, 4 bytes
SEEN
