#!/usr/bin/env bash
# A build writes its DFU zip to a pipe: Python's zipfile, which cannot go back there, puts each entry's size behind its
# data (a "data descriptor"). The image is stored, not deflated, and four of its bytes happen to be PK\7\8, the
# descriptor's signature, as in any image that carries a zip reader.
#
# Guessed: readers that use the directory at the end read it; readers of streams read it or refuse, as stream-unzip,
#   which says that such entries cannot be streamed. A large entry's 64-bit sizes are read by all.
# Seen: fflate 0.8.3's Unzip ends the image at those bytes, with no error: 204 of 1,232. unzipper 0.12.5's Parse takes
#   what follows for a header and raises; it raises as well where a descriptor has 64-bit sizes. Both packages read the
#   same files right by the directory (unzipSync, Open.buffer), as does jszip 3.10.2.
# Matters: half an image out of a whole zip. Use the reader that looks at the directory, and check sizes.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi stream-unzip==0.0.101
npmjs fflate@0.8.3 unzipper@0.12.5 jszip@3.10.2

py - <<'PY'
import io, zipfile
class Pipe(io.RawIOBase):
    def __init__(self): self.got = bytearray()
    def writable(self): return True
    def write(self, data): self.got += data; return len(data)
image = bytes(204) + b"PK\x07\x08" + bytes(range(256)) * 4
open("image.bin", "wb").write(image)
def make(name, kind, **how):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", kind) as made:
        with made.open("app.bin", "w", **how) as entry: entry.write(image)
        made.writestr("manifest.json", b"{}")
    open(name, "wb").write(pipe.got)
make("deflated.zip", zipfile.ZIP_DEFLATED)
make("deflated, 64-bit sizes.zip", zipfile.ZIP_DEFLATED, force_zip64=True)
make("stored.zip", zipfile.ZIP_STORED)
PY
for name in deflated "deflated, 64-bit sizes" stored; do
  py - "$name" <<'PY'
import sys
from stream_unzip import stream_unzip
try:
    sizes = [f"{name.decode()} {len(b''.join(data))}" for name, _, data in stream_unzip([open(sys.argv[1] + ".zip", "rb").read()])]
    print(f"{sys.argv[1]}: stream-unzip: {', '.join(sizes)}")
except Exception as error:
    print(f"{sys.argv[1]}: stream-unzip: {type(error).__name__}")
PY
  js "$name" <<'JS'
import { createReadStream, readFileSync } from "node:fs";
import * as fflate from "fflate";
import JSZip from "jszip";
import unzipper from "unzipper";
const [, , name] = process.argv;
const file = `../${name}.zip`;
const zip = readFileSync(file);
const readers = {
  "jszip": async () => Promise.all(Object.values((await JSZip.loadAsync(zip)).files)
    .map(async (entry) => [entry.name, await entry.async("nodebuffer")])),
  "fflate unzipSync": async () => Object.entries(fflate.unzipSync(zip)),
  "fflate Unzip": async () => {
    const got = new Map();
    const unzip = new fflate.Unzip((entry) => {
      got.set(entry.name, Buffer.alloc(0));
      entry.ondata = (error, data) => {
        if (error) throw error;
        got.set(entry.name, Buffer.concat([got.get(entry.name), data]));
      };
      entry.start();
    });
    unzip.register(fflate.UnzipInflate);
    unzip.push(zip, true);
    return [...got];
  },
  "unzipper Open": async () => Promise.all((await unzipper.Open.buffer(zip)).files
    .map(async (entry) => [entry.path, await entry.buffer()])),
  "unzipper Parse": async () => {
    const got = [];
    for await (const entry of createReadStream(file).pipe(unzipper.Parse({ forceStream: true }))) {
      got.push([entry.path, await entry.buffer()]);
    }
    return got;
  },
};
for (const [reader, read] of Object.entries(readers)) {
  const seen = await read().then(
    (entries) => entries.map(([path, data]) => `${path} ${data.length}`).join(", "),
    (error) => `raises, ${error.message.replace(/:.*/, "")}`,
  );
  console.log(`${name}: ${reader}: ${seen}`);
}
JS
done >seen

expect <<'SEEN'
deflated: stream-unzip: app.bin 1232, manifest.json 2
deflated: jszip: app.bin 1232, manifest.json 2
deflated: fflate unzipSync: app.bin 1232, manifest.json 2
deflated: fflate Unzip: app.bin 1232, manifest.json 2
deflated: unzipper Open: app.bin 1232, manifest.json 2
deflated: unzipper Parse: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: stream-unzip: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: jszip: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: fflate unzipSync: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: fflate Unzip: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: unzipper Open: app.bin 1232, manifest.json 2
deflated, 64-bit sizes: unzipper Parse: raises, invalid signature
stored: stream-unzip: NotStreamUnzippable
stored: jszip: app.bin 1232, manifest.json 2
stored: fflate unzipSync: app.bin 1232, manifest.json 2
stored: fflate Unzip: app.bin 204, manifest.json 2
stored: unzipper Open: app.bin 1232, manifest.json 2
stored: unzipper Parse: raises, invalid signature
SEEN
