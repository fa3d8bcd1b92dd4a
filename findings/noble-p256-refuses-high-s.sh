#!/usr/bin/env bash
# ECDSA P-256 signatures as imgtool makes them, checked in JavaScript by @noble/curves. Each valid signature (r, s) has
# a twin (r, n - s); imgtool's library takes either, half and half. Bitcoin's curve allows only the lower s; P-256 does
# not care.
#
# Guessed: noble asks for a low s on secp256k1 only, as in its 1.x releases; its p256 takes every valid signature.
# Seen: @noble/curves 2.4.0 asks for a low s on P-256, too. Of 200 signatures that cryptography and node:crypto verify,
#   noble refuses exactly the 90 with a high s: verify() returns false, as for a forged one. With { lowS: false } it
#   takes all. 1.9.7 takes all.
# Matters: a web page or tool that checks images refuses every other release, and the next build of the same source may
#   pass. Give { lowS: false } wherever MCUboot signatures are checked.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi cryptography==50.0.2

# Deterministic signatures (RFC 6979), so that the same 200 are tried in each run.
py - <<'PY'
import hashlib, json
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"finding").digest(), "big"), ec.SECP256R1())
public = key.public_key()
json.dump({
    "pem": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
    "point": public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint).hex(),
    "signatures": [key.sign(b"image %d" % i, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)).hex()
                   for i in range(200)],
}, open("signatures.json", "w"))
PY
for release in 1.9.7 2.4.0; do
  npmjs "@noble/curves@$release"
  js "$release" <<'JS' >>seen
import { createVerify } from "node:crypto";
import { readFileSync } from "node:fs";
import { p256 } from "@noble/curves/nist.js";
const { pem, point, signatures } = JSON.parse(readFileSync("../signatures.json", "utf8"));
const count = { node: 0, "noble as it is": 0, "noble with lowS: false": 0, "high s": 0, "high s taken": 0 };
signatures.forEach((hex, index) => {
  const message = Buffer.from(`image ${index}`);
  const der = Buffer.from(hex, "hex");
  const options = { prehash: true, format: "der" };
  const plain = p256.verify(der, message, Buffer.from(point, "hex"), options);
  const high = (p256.Signature.fromBytes?.(der, "der") ?? p256.Signature.fromDER(der)).hasHighS();
  count.node += createVerify("sha256").update(message).verify(pem, der);
  count["noble as it is"] += plain;
  count["noble with lowS: false"] += p256.verify(der, message, Buffer.from(point, "hex"), { ...options, lowS: false });
  count["high s"] += high;
  count["high s taken"] += high && plain;
});
console.log(process.argv[2], JSON.stringify(count));
JS
done

expect <<'SEEN'
1.9.7 {"node":200,"noble as it is":200,"noble with lowS: false":200,"high s":90,"high s taken":90}
2.4.0 {"node":200,"noble as it is":110,"noble with lowS: false":200,"high s":90,"high s taken":0}
SEEN
