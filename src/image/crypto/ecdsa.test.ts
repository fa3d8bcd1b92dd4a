import { createPublicKey, verify } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromHex, hex, utf8 } from "../../core/index.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { CURVES, signDeterministically } from "./ecdsa.ts";

const [P256, P384] = CURVES;
const p256Secret = fromHex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
const p384Secret = fromHex(
  "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
);

describe("deterministic ECDSA", () => {
  test.each([
    [
      "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ],
    [
      "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ],
  ])("P-256 with SHA-256 signs %j as RFC 6979 A.2.5 says", (message, r, s) => {
    const signature = hex(signDeterministically(P256, p256Secret, utf8(message)));
    expect(signature).toContain(r);
    expect(signature.endsWith(s)).toBe(true);
  });

  test("P-384 with SHA-384 signs as RFC 6979 A.2.6 says", () => {
    const signature = hex(signDeterministically(P384, p384Secret, utf8("sample")));
    expect(signature).toContain("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c");
    expect(signature).toContain("99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f");
  });

  test.each(CURVES)("node accepts every signature on $name", (curve) => {
    const key = loadPrivateKey(generateKey(curve.keyType));
    const secret = Buffer.from(key.keyObject.export({ format: "jwk" }).d ?? "", "base64url");
    const publicKey = createPublicKey(key.keyObject);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (message) => {
        const signature = signDeterministically(curve, secret, message);
        expect(verify(curve.hash, message, publicKey, signature)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});
