#!/usr/bin/env bash
# A chunk of an image as Node's Buffer, encoded by the four CBOR packages for JavaScript. A Buffer is a Uint8Array.
#
# Guessed: all write a byte string. For a bare Uint8Array cbor-x and cbor put tag 64 before it, I knew; the others do
#   not.
# Seen: cbor2 2.3.0 writes a map {"type": "Buffer", "data": [1, 2]}, one integer for each byte, because a Buffer has a
#   toJSON method. The same bytes as a Uint8Array are a byte string. So two packages need a Buffer, one must not have
#   it.
# Matters: readFileSync and serial ports give Buffers. A client that moves from cbor-x or cbor to cbor2 sends maps for
#   chunks and hashes, and no call fails.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs cbor-x@1.6.8 cbor@10.0.12 cborg@6.1.5 cbor2@2.3.0

js <<'JS' >seen
import * as cborX from "cbor-x";
import cbor from "cbor";
import * as cborg from "cborg";
import * as cbor2 from "cbor2";
for (const [name, { encode }] of Object.entries({ "cbor-x": cborX, cbor, cborg, cbor2 })) {
  const [buffer, array] = [Buffer.from([1, 2]), Uint8Array.of(1, 2)].map((v) => Buffer.from(encode(v)).toString("hex"));
  console.log(`${name}: Buffer ${buffer}, Uint8Array ${array}`);
}
JS

expect <<'SEEN'
cbor-x: Buffer 420102, Uint8Array d840420102
cbor: Buffer 420102, Uint8Array d840420102
cborg: Buffer 420102, Uint8Array 420102
cbor2: Buffer a26474797065664275666665726464617461820102, Uint8Array 420102
SEEN
