#!/usr/bin/env bash
# A build step puts a signed app.bin into a DFU zip that has one: Python's zipfile, opened with "a", appends a second
# entry of that name (and only warns). The newer one is last, in the file and in its directory.
#
# Guessed: readers with a map or a look-up by name give the newer one; those that list give both, in order.
# Seen: adm-zip 0.6.1 refuses the whole file. The look-up that a list invites, find() by name, gives the older image with
#   @zip.js/zip.js 2.24.0 and unzipper 0.12.5, and what comes first out of yauzl 3.4.0 is the older one, too. fflate
#   0.8.3, jszip 3.10.2, node-stream-zip 1.16.0 and Python give the newer one and do not say that there are two.
# Matters: one tool flashes the unsigned image, another the signed one, out of the same zip. Write the zip anew.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs adm-zip@0.6.1 @zip.js/zip.js@2.24.0 unzipper@0.12.5 yauzl@3.4.0 fflate@0.8.3 jszip@3.10.2 node-stream-zip@1.16.0

python3 -W ignore - >seen <<'PY'
import zipfile
with zipfile.ZipFile("dfu.zip", "w") as made:
    made.writestr("app.bin", "old")
    made.writestr("manifest.json", "{}")
with zipfile.ZipFile("dfu.zip", "a") as made:
    made.writestr("app.bin", "newer")
print("zipfile:", zipfile.ZipFile("dfu.zip").read("app.bin").decode())
PY
js >>seen <<'JS'
import { readFileSync } from "node:fs";
import * as zipjs from "@zip.js/zip.js";
import AdmZip from "adm-zip";
import * as fflate from "fflate";
import JSZip from "jszip";
import StreamZip from "node-stream-zip";
import unzipper from "unzipper";
import yauzl from "yauzl";
const zip = readFileSync("../dfu.zip");
const readers = {
  "fflate unzipSync": async () => fflate.unzipSync(zip)["app.bin"],
  "jszip file()": async () => (await JSZip.loadAsync(zip)).file("app.bin").async("nodebuffer"),
  "node-stream-zip entryData()": () => new StreamZip.async({ file: "../dfu.zip" }).entryData("app.bin"),
  "adm-zip getEntry()": async () => new AdmZip(zip).getEntry("app.bin").getData(),
  "unzipper find()": async () => (await unzipper.Open.buffer(zip)).files.find(({ path }) => path === "app.bin").buffer(),
  "zip.js find()": async () => {
    const entries = await new zipjs.ZipReader(new zipjs.Uint8ArrayReader(new Uint8Array(zip))).getEntries();
    return entries.find(({ filename }) => filename === "app.bin").getData(new zipjs.Uint8ArrayWriter());
  },
  "yauzl, first entry": () => new Promise((found, failed) => {
    yauzl.fromBuffer(zip, {}, (error, open) => {
      if (error) return failed(error);
      open.once("entry", (entry) => open.openReadStream(entry, async (cause, stream) => {
        if (cause) return failed(cause);
        found(Buffer.concat(await stream.toArray()));
      }));
    });
  }),
};
for (const [name, read] of Object.entries(readers)) {
  console.log(`${name}: ${await read().then((data) => Buffer.from(data), (error) => `refused, ${error.message}`)}`);
}
JS

expect <<'SEEN'
zipfile: newer
fflate unzipSync: newer
jszip file(): newer
node-stream-zip entryData(): newer
adm-zip getEntry(): refused, ADM-ZIP: Duplicate entry name "app.bin"
unzipper find(): old
zip.js find(): old
yauzl, first entry: old
SEEN
