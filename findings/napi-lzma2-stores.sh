#!/usr/bin/env bash
# @napi-rs/lzma offers LZMA2 and XZ in Node, where zlib has neither: the natural choice to make MCUboot's compressed
# images without Python. 60,000 bytes of erased flash are compressed with it.
#
# Guessed: 0xFF all over shrinks to under 100 bytes, as with liblzma.
# Seen: with 1.4.5, the newest that Node 20 gets, `lzma` gives 1,547 bytes, but `lzma2` and `xz` give 60,004 and 60,052:
#   valid streams, in which every chunk is stored and nothing is compressed. liblzma and the package itself read them
#   back.
# Matters: imgtool's rule "use it only if it is smaller" would never choose compression; without that rule images grow.
#   Decoding with it is fine.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs @napi-rs/lzma@1.4.5

js <<'JS' >seen
import { writeFileSync } from "node:fs";
import * as pack from "@napi-rs/lzma";
const image = Buffer.alloc(60000, 0xff);
for (const form of ["lzma", "lzma2", "xz"]) {
  const packed = await pack[form].compress(image);
  writeFileSync(`../image.${form}`, packed);
  console.log(`${form}: ${packed.length} bytes, read back: ${image.equals(await pack[form].decompress(packed))}`);
}
JS
python3 - <<'PY' >>seen
import lzma
image = b"\xff" * 60000
lzma2 = dict(format=lzma.FORMAT_RAW, filters=[dict(id=lzma.FILTER_LZMA2, dict_size=131072)])
print("liblzma reads lzma2:", lzma.decompress(open("image.lzma2", "rb").read(), **lzma2) == image,
      "xz:", lzma.decompress(open("image.xz", "rb").read()) == image)
print("liblzma's own lzma2 is under 100 bytes:", len(lzma.compress(image, **lzma2)) < 100)
PY

expect <<'SEEN'
lzma: 1547 bytes, read back: true
lzma2: 60004 bytes, read back: true
xz: 60052 bytes, read back: true
liblzma reads lzma2: True xz: True
liblzma's own lzma2 is under 100 bytes: True
SEEN
