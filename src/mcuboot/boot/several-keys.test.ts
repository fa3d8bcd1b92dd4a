import { describe, expect, test } from "@jest/globals";
import { concat, Random, viewOf } from "../../core/index.ts";
import {
  buildImage,
  generateKey,
  keyHash,
  loadPrivateKey,
  type PrivateKey,
  parseImage,
  parseVersion,
  TLV,
} from "../../image/index.ts";
import { refusalText } from "../builds/refusal-table.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { smallBoard } from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { runSteps } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

const key = () => loadPrivateKey(generateKey("ecdsa-p256"));
const [SECOND, THIRD, STRANGER] = [key(), key(), key()];

/** What a bootloader with these keys besides its first makes of an image that `signer` signed, and that may be changed then. */
function boots(
  signer: PrivateKey | "first",
  others: readonly PrivateKey[],
  change: (image: Uint8Array) => Uint8Array = (image) => image,
) {
  const { build: plain, flash } = smallBoard({ encrypted: false });
  const first = plain.signature.key as PrivateKey;
  const build = { ...plain, signature: { ...plain.signature, others } };
  const payload = Random.fromSeed("several keys").bytes(8_000);
  viewOf(payload).setUint32(4, 0x301, true);
  const options = { version: parseVersion("2.0.0"), headerBytes: 512, padHeader: true } as const;
  const built = buildImage(payload, {
    ...options,
    signer: { kind: "key", key: signer === "first" ? first : signer },
  });
  const image = change(built.image);
  const secondary = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
  flash.load(secondary.offset, new Uint8Array(secondary.bytes).fill(0xff));
  flash.load(secondary.offset, image);
  runSteps(setPending(flash, build, 0, false), flash);
  const boot = timeline(flash, build, NRF5340_INTERNAL);
  return [boot.images.find(({ slot }) => slot === 0)?.version, boot.refusals.map(refusalText).join()];
}

/** Writes another name of a key into the image, of this or of another length: the signature does not cover it. */
function renamed(image: Uint8Array, name: Uint8Array): Uint8Array {
  const { area } = parseImage(image);
  const entry = area.entries.find(({ type }) => type === TLV.KEYHASH);
  if (entry === undefined) throw new RangeError("no KEYHASH");
  const head = image.slice(0, entry.offset + 4);
  const view = viewOf(head);
  view.setUint16(entry.offset + 2, name.length, true);
  const total = view.getUint16(area.offset + 2, true);
  view.setUint16(area.offset + 2, total + name.length - entry.data.length, true);
  return concat(head, name, image.subarray(entry.offset + 4 + entry.data.length));
}

describe("a bootloader with several keys", () => {
  test.each([
    ["the first", "first"],
    ["the second", SECOND],
    ["the last", THIRD],
  ] as const)("runs what %s of them signed", (_, signer) => {
    expect(boots(signer, [SECOND, THIRD])).toEqual(["2.0.0", ""]);
  });

  test("refuses what a key signed that it no longer has", () => {
    expect(boots(THIRD, [SECOND])).toEqual(["1.0.0", "it is signed with another key than this bootloader knows"]);
    expect(boots(STRANGER, [])[0]).toBe("1.0.0");
  });

  test("tries the named key only, by as many bytes as name it: a signature of another one of its keys is wrong", () => {
    const name = keyHash(SECOND, "sha256");
    expect(boots(SECOND, [SECOND], (image) => renamed(image, name.subarray(0, 4)))[0]).toBe("2.0.0");
    expect(boots(SECOND, [SECOND], (image) => renamed(image, name.map((byte) => byte ^ 1).subarray(0, 4)))[0]).toBe(
      "1.0.0",
    );
    expect(boots("first", [SECOND], (image) => renamed(image, name))).toEqual(["1.0.0", "its signature is wrong"]);
  });
});
