#!/usr/bin/env bash
# CBOR allows a string in pieces (`5f 41 01 42 02 03 ff`), which small encoders use where the length is not known first.
# RFC 8949 puts it among the basics, beside the indefinite maps that Zephyr's SMP server sends.
#
# Guessed: every general decoder joins the pieces.
# Seen: Python's cbor2 and JavaScript's cbor and cbor2 do. cbor-x and cborg refuse them, in byte strings and in text,
#   though both take indefinite maps and arrays.
# Matters: a client on cbor-x or cborg cannot read an answer with such a string, valid as it is. Zephyr's server sends
#   none that we know of; own firmware, or a server on another CBOR library, may.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi cbor2==6.3.0
npmjs cbor-x@1.6.8 cbor@10.0.12 cborg@6.1.5 cbor2@2.3.0

{
  py - <<'PY'
import cbor2
print("Python cbor2:", cbor2.loads(bytes.fromhex("5f4101420203ff")), cbor2.loads(bytes.fromhex("7f61616162ff")),
      cbor2.loads(bytes.fromhex("bf61619f01ffff")))
PY
  js <<'JS'
import * as cborX from "cbor-x";
import cbor from "cbor";
import * as cborg from "cborg";
import * as cbor2 from "cbor2";
const decoders = { "cbor-x": cborX.decode, cbor: cbor.decodeFirstSync, cborg: cborg.decode, cbor2: cbor2.decode };
const items = { bytes: "5f4101420203ff", text: "7f61616162ff", map: "bf61619f01ffff" };
for (const [name, decode] of Object.entries(decoders)) {
  const results = Object.entries(items).map(([kind, hex]) => {
    try {
      const item = decode(Buffer.from(hex, "hex"));
      return `${kind} ${item instanceof Uint8Array ? Buffer.from(item).toString("hex") : JSON.stringify(item)}`;
    } catch {
      return `${kind} refused`;
    }
  });
  console.log(`JavaScript ${name}:`, results.join(", "));
}
JS
} >seen

expect <<'SEEN'
Python cbor2: b'\x01\x02\x03' ab {'a': [1]}
JavaScript cbor-x: bytes refused, text refused, map {"a":[1]}
JavaScript cbor: bytes 010203, text "ab", map {"a":[1]}
JavaScript cborg: bytes refused, text refused, map {"a":[1]}
JavaScript cbor2: bytes 010203, text "ab", map {"a":[1]}
SEEN
