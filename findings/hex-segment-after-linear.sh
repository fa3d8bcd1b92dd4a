#!/usr/bin/env bash
# Intel HEX knows two records that move the data which follows: 02 (segment, times 16) and 04 (upper half of a linear
# address). A file that was put together from an old and a new tool's output may hold one of each.
#
# Guessed: the later record replaces the earlier one, in every reader.
# Seen: intelhex, hexrec, nrf-intel-hex and srec_cat do that and put the data at 0x10000. bincopy and GNU objcopy add
#   the two and put the same data at 0x20000. No reader says a word, whichever record comes first.
# Matters: objcopy writes 02 records for everything below 1 MiB, most other tools 04 records. Four bytes of a merged
#   file may lie 64 KiB further on for the flasher than for the tool that checked the file.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi intelhex==2.3.0 bincopy==20.1.1 hexrec==0.5.1
npmjs nrf-intel-hex@1.4.0
debian srecord=1.64-3 libsrecord0=1.64-3 binutils-arm-none-eabi=2.40-2+18+b1

printf ':020000021000EC\n:020000040001F9\n:0400000001020304F2\n:00000001FF\n' >02-04.hex
printf ':020000040001F9\n:020000021000EC\n:0400000001020304F2\n:00000001FF\n' >04-02.hex

for file in 02-04 04-02; do
  echo "$file"
  py - "$file.hex" <<'PY'
import sys, bincopy, hexrec, intelhex
print("  intelhex     ", [hex(start) for start, _ in intelhex.IntelHex(sys.argv[1]).segments()])
print("  bincopy      ", [hex(s.address) for s in bincopy.BinFile(sys.argv[1]).segments])
print("  hexrec       ", [hex(start) for start, _ in hexrec.IhexFile.load(sys.argv[1]).memory.to_blocks()])
PY
  js "$WORK/$file.hex" <<'JS'
import { readFileSync } from "node:fs";
import MemoryMap from "nrf-intel-hex";
const starts = [...MemoryMap.fromHex(readFileSync(process.argv[2], "utf8")).keys()];
console.log("  nrf-intel-hex", starts.map((start) => `0x${start.toString(16)}`));
JS
  # Both as S-records: S2 and S3 lines carry the whole address.
  deb srec_cat "$file.hex" -intel -o out.srec -motorola -address-length=4 2>&1
  echo "  srec_cat      $(grep '^S3' out.srec)"
  deb arm-none-eabi-objcopy -I ihex -O srec --srec-forceS3 "$file.hex" out.srec 2>&1
  echo "  objcopy       $(grep '^S3' out.srec | tr -d '\r')"
done >seen

expect <<'SEEN'
02-04
  intelhex      ['0x10000']
  bincopy       ['0x20000']
  hexrec        ['0x10000']
  nrf-intel-hex [ '0x10000' ]
  srec_cat      S3090001000001020304EB
  objcopy       S3090002000001020304EA
04-02
  intelhex      ['0x10000']
  bincopy       ['0x20000']
  hexrec        ['0x10000']
  nrf-intel-hex [ '0x10000' ]
  srec_cat      S3090001000001020304EB
  objcopy       S3090002000001020304EA
SEEN
