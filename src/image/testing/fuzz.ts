import { defined, isHilError, type Random } from "../../core/index.ts";
import { tlvsOf } from "../format/parse.ts";
import { dumpImage } from "../inspect/dump.ts";
import { formatDump } from "../inspect/dump-text.ts";
import { structureFindings } from "../inspect/structure.ts";
import { verifyImage } from "../inspect/verify.ts";
import { type MutationKeys } from "../mutate/mutation-base.ts";

/** Values that break length arithmetic. */
const EDGES = [0, 1, 3, 4, 0x7f, 0x80, 0xff] as const;
const STRETCH_BYTES_MAX = 64;

/** A file with one to four things wrong with it: flipped bits, edge values, cut, stretched, moved, or noise. */
export function damaged(random: Random, file: Uint8Array): Uint8Array {
  let out = Uint8Array.from(file);
  const times = 1 + random.below(4);
  for (let time = 0; time < times; time += 1) out = damagedOnce(random, out);
  return out;
}

function damagedOnce(random: Random, file: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(file);
  if (out.length === 0) return Uint8Array.from(random.bytes(STRETCH_BYTES_MAX));
  // Headers and TLVs are few bytes of many: most damage goes there.
  const tail = Math.min(out.length, 512);
  const places = [
    random.below(Math.min(out.length, 32)),
    out.length - 1 - random.below(tail),
    random.below(out.length),
  ];
  const at = places[random.below(places.length)] ?? 0;
  switch (random.below(6)) {
    case 0:
      out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
      return out;
    case 1:
      out[at] = EDGES[random.below(EDGES.length)] ?? 0;
      return out;
    case 2:
      out.fill(0xff, at, at + 1 + random.below(4));
      return out;
    case 3:
      return out.slice(0, at);
    case 4:
      // Not spread: a file may have more bytes than a call may have arguments.
      return Uint8Array.from(
        Buffer.concat([out.subarray(0, at), random.bytes(1 + random.below(STRETCH_BYTES_MAX)), out.subarray(at)]),
      );
    default:
      out.copyWithin(at, random.below(out.length), random.below(out.length));
      return out;
  }
}

/**
 * Asks all readers about a file.
 * @returns "value" or "error", by what verifyImage gave; anything but one of our errors is thrown on.
 */
export function asked(file: Uint8Array, keys: Partial<MutationKeys>): "value" | "error" {
  let answer: "value" | "error" = "value";
  try {
    const verdict = verifyImage(file, {
      ...(keys.signing === undefined ? {} : { publicKey: keys.signing.public }),
      ...defined({ decryptKey: keys.decryptKey }),
    });
    structureFindings(verdict.image, { tlvAllowList: true, slotAddress: 0x10000, plainBody: verdict.plainBody });
    if (verdict.ok && tlvsOf(verdict.image).length > 0xffff) throw new Error("more TLVs than fit");
  } catch (error) {
    if (!isHilError(error)) throw error;
    answer = "error";
  }
  try {
    formatDump(dumpImage(file, "fuzz.bin"), "json");
  } catch (error) {
    if (!isHilError(error)) throw error;
  }
  return answer;
}
