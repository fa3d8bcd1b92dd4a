#!/usr/bin/env bash
# RFC 6979 makes ECDSA reproducible: same key, message and hash, same signature. Three implementations sign the same
# messages on P-256 and P-384 with SHA-256, SHA-384 and SHA-512 (P-384 with SHA-256 is what some factory signers use).
#
# Guessed: all agree to the bit, once low-s is switched off in noble.
# Seen: Python's cryptography and ecdsa agree everywhere. @noble/curves agrees where the hash is the curve's own (P-256
#   with SHA-256, P-384 with SHA-384); with any other hash each signature differs, as the nonce is still drawn with the
#   curve's own hash. They verify, but are not RFC 6979's.
# Matters: "reproducible signing" is reproducible within one library only; do not compare signatures of a JavaScript
#   signer with those of an HSM or of Python byte by byte unless the hash is the curve's own.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi cryptography==50.0.2 ecdsa==0.19.2
npmjs @noble/curves@2.4.0 @noble/hashes@2.4.0

py - <<'PY'
import hashlib, json
import ecdsa, ecdsa.util
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
rows = []
for name, curve, other, size in (("p256", ec.SECP256R1(), ecdsa.NIST256p, 32), ("p384", ec.SECP384R1(), ecdsa.NIST384p, 48)):
    for digest in ("sha256", "sha384", "sha512"):
        for secret in (1, 0x123456789ABCDEF, 2**200 + 12345):
            for message in (b"", b"sample", b"x" * 100):
                key = ec.derive_private_key(secret, curve)
                algorithm = ec.ECDSA(getattr(hashes, digest.upper())(), deterministic_signing=True)
                r, s = decode_dss_signature(key.sign(message, algorithm))
                rows.append({
                    "curve": name, "digest": digest, "secret": secret.to_bytes(size, "big").hex(), "message": message.hex(),
                    "cryptography": (r.to_bytes(size, "big") + s.to_bytes(size, "big")).hex(),
                    "ecdsa": ecdsa.SigningKey.from_secret_exponent(secret, other).sign_deterministic(
                        message, hashfunc=getattr(hashlib, digest), sigencode=ecdsa.util.sigencode_string).hex(),
                })
json.dump(rows, open("rows.json", "w"))
PY
js <<'JS' >seen
import { readFileSync } from "node:fs";
import { p256, p384 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
const curves = { p256, p384 };
const digests = { sha256, sha384, sha512 };
const table = {};
for (const row of JSON.parse(readFileSync("../rows.json", "utf8"))) {
  const { curve, digest } = row;
  const [secret, message] = [row.secret, row.message].map((hex) => Buffer.from(hex, "hex"));
  const options = { prehash: false, lowS: false };
  const hash = digests[digest](message);
  const signature = curves[curve].sign(hash, secret, options);
  const counts = (table[`${curve} ${digest}`] ??= { signed: 0, "ecdsa agrees": 0, "noble agrees": 0, "noble verifies": 0 });
  counts.signed += 1;
  counts["ecdsa agrees"] += row.ecdsa === row.cryptography;
  counts["noble agrees"] += Buffer.from(signature).toString("hex") === row.cryptography;
  counts["noble verifies"] += curves[curve].verify(signature, hash, curves[curve].getPublicKey(secret), options);
}
for (const [name, counts] of Object.entries(table)) console.log(name, JSON.stringify(counts));
JS

expect <<'SEEN'
p256 sha256 {"signed":9,"ecdsa agrees":9,"noble agrees":9,"noble verifies":9}
p256 sha384 {"signed":9,"ecdsa agrees":9,"noble agrees":0,"noble verifies":9}
p256 sha512 {"signed":9,"ecdsa agrees":9,"noble agrees":0,"noble verifies":9}
p384 sha256 {"signed":9,"ecdsa agrees":9,"noble agrees":0,"noble verifies":9}
p384 sha384 {"signed":9,"ecdsa agrees":9,"noble agrees":9,"noble verifies":9}
p384 sha512 {"signed":9,"ecdsa agrees":9,"noble agrees":0,"noble verifies":9}
SEEN
