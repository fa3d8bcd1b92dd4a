import { constants, createCipheriv, createHash, generateKeyPairSync, publicEncrypt, sign } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { dumpImage } from "../inspect/dump.ts";
import { structureFindings } from "../inspect/structure.ts";
import { verifyImage } from "../inspect/verify.ts";
import { keyHash, loadPrivateKey, type PrivateKey } from "../keys/keys.ts";

/**
 * Images as Mynewt's `newt create-image` lays them out, put together here byte by byte (mynewt-artifact,
 * image/create.go
 * and sec/): header room of zeros, a body of any length, no protected TLVs, short key hashes, padded ECDSA signatures,
 * several signers.
 */

const rsa = keyOf("rsa");
const ec = keyOf("ec");
const device = keyOf("rsa");
const body = Random.fromSeed("newt").bytes(1003);

function keyOf(kind: "rsa" | "ec"): PrivateKey {
  const encoding = { format: "pem", type: "pkcs8" } as const;
  const { privateKey } =
    kind === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return loadPrivateKey(String(privateKey.export(encoding)));
}

function tlv(type: number, data: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0, 0]);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

function headerOf(flags: number, headerBytes: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(0x96f3b83d, 0);
  header.writeUInt16LE(headerBytes, 8);
  header.writeUInt32LE(body.length, 12);
  header.writeUInt32LE(flags, 16);
  header.set([1, 2, 3, 0, 4, 0, 0, 0], 20);
  return header;
}

function newtImage(options: { readonly flags?: number; readonly stored?: Uint8Array; readonly more?: Buffer }): Buffer {
  const header = headerOf(options.flags ?? 0, 64);
  const region = Buffer.concat([header, body]);
  const hash = createHash("sha256").update(region).digest();
  const pss = { key: rsa.keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const der = sign("sha256", region, ec.keyObject);
  const tlvs = Buffer.concat([
    tlv(0x10, hash),
    tlv(0x01, keyHash(rsa, "sha256").subarray(0, 4)),
    tlv(0x20, sign("sha256", region, pss)),
    tlv(0x01, keyHash(ec, "sha256").subarray(0, 4)),
    tlv(0x22, Buffer.concat([der, Buffer.alloc(72 - der.length)])),
    options.more ?? Buffer.alloc(0),
  ]);
  const info = Buffer.from([0x07, 0x69, 0, 0]);
  info.writeUInt16LE(4 + tlvs.length, 2);
  return Buffer.concat([header, options.stored ?? body, info, tlvs]);
}

describe("an image of newt create-image", () => {
  test("signed by two keys verifies with either of them, and with no other", () => {
    const image = newtImage({});
    expect(verifyImage(image, { publicKey: rsa.public }).ok).toBe(true);
    expect(verifyImage(image, { publicKey: ec.public }).ok).toBe(true);
    const other = verifyImage(image, { publicKey: device.public });
    expect([other.signature.result, other.keyHash.result, other.ok]).toEqual(["invalid", "invalid", false]);
    expect(structureFindings(verifyImage(image).image, { tlvAllowList: true })).toEqual([]);
  });

  test("encrypted with RSA-OAEP, its body not filled up to whole blocks, is opened and verified", () => {
    const secret = Random.fromSeed("secret").bytes(16);
    const cipher = createCipheriv("aes-128-ctr", secret, Buffer.alloc(16));
    const oaep = { key: device.public.keyObject, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const image = newtImage({ flags: 0x4, stored: cipher.update(body), more: tlv(0x30, publicEncrypt(oaep, secret)) });
    const verdict = verifyImage(image, { publicKey: rsa.public, decryptKey: device });
    expect(verdict.ok).toBe(true);
    expect(verdict.plainBody).toEqual(Uint8Array.from(body));
    expect(verifyImage(image, { publicKey: rsa.public }).ok).toBe(false);
  });

  test("encrypted with a key of the hardware is read, and said to be closed", () => {
    const more = Buffer.concat([tlv(0x60, Buffer.from([1, 0, 0, 0])), tlv(0x50, Random.fromSeed("nonce").bytes(8))]);
    const image = newtImage({ stored: Random.fromSeed("closed").bytes(body.length), more });
    const verdict = verifyImage(image, { publicKey: rsa.public });
    expect(verdict.hash.result).toBe("invalid");
    const findings = structureFindings(verdict.image);
    expect(findings.map((finding) => [finding.rule, finding.severity])).toContainEqual([
      "mynewt-hardware-key",
      "warning",
    ]);
    expect(findings.filter((finding) => finding.severity === "refused")).toEqual([]);
  });

  test("is dumped like any other", () => {
    const dump = dumpImage(newtImage({}), "newt.img");
    expect(dump.header.version).toEqual({ major: 1, minor: 2, revision: 3, build: 4 });
    expect(dump.area.entries.map((entry) => entry.type)).toEqual([0x10, 0x01, 0x20, 0x01, 0x22]);
    expect(dump.protectedArea).toBeUndefined();
  });

  test("a short key hash with one wrong byte names no key", () => {
    const image = newtImage({});
    const at = image.lastIndexOf(tlv(0x01, keyHash(ec, "sha256").subarray(0, 4)));
    image.set([0xff], at + 4);
    expect(verifyImage(image, { publicKey: ec.public }).keyHash.result).toBe("invalid");
  });
});
