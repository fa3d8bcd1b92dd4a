import { defined, equalBytes, hex } from "../../core/index.ts";
import { flagNames, HEADER } from "../format/header.ts";
import { isMarkedEncrypted, type ParsedImage } from "../format/parse.ts";
import type { Tlv } from "../format/tlv-area.ts";
import { tlvLabel } from "../format/tlvs.ts";
import { formatVersion } from "../format/version.ts";
import type { WrappingKey } from "../keys/image-key.ts";
import type { PrivateKey } from "../keys/keys.ts";
import { type ImageVerdict, verifyImage } from "./verify.ts";

/** One thing that differs between two images; what one of them does not have is undefined there. */
interface ImageDifference {
  readonly part: "header" | "TLV" | "body" | "after the image";
  readonly what: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** A run of bytes that differ, by its offset in the body; runs less than `GAP_BYTES` apart are one. */
interface DifferingRun {
  readonly offset: number;
  readonly bytes: number;
}

export interface ImageComparison {
  readonly differences: readonly ImageDifference[];
  /** "plain": both bodies as they run. "stored": as they lie in the files, because one could not be decrypted. */
  readonly bodies: "plain" | "stored";
  readonly runs: readonly DifferingRun[];
}

const GAP_BYTES = 16;
const SHOWN_BYTES = 32;

/**
 * What differs between two images: header fields, TLVs, body. Encrypted bodies are compared as they run where the keys
 * are given.
 * @throws ImageError when one of them is no image.
 */
export function compareImages(
  a: { readonly bytes: Uint8Array; readonly decryptKey?: PrivateKey | WrappingKey },
  b: { readonly bytes: Uint8Array; readonly decryptKey?: PrivateKey | WrappingKey },
): ImageComparison {
  const [one, two] = [opened(a), opened(b)];
  const plain = [one.plainBody, two.plainBody];
  const bothPlain = plain[0] !== undefined && plain[1] !== undefined;
  const bodies = bothPlain ? "plain" : "stored";
  const [first, second] = bothPlain ? plain : [one.image.body, two.image.body];
  const runs = differingRuns(first ?? new Uint8Array(0), second ?? new Uint8Array(0));
  const differences = [
    ...headerDifferences(one.image, two.image),
    ...tlvDifferences("protected", one.image.protectedArea?.entries ?? [], two.image.protectedArea?.entries ?? []),
    ...tlvDifferences("unprotected", one.image.area.entries, two.image.area.entries),
    ...storageDifferences(one, two),
    ...bodyDifferences(runs, bodies, first ?? new Uint8Array(0), second ?? new Uint8Array(0)),
    ...restDifferences(one.image, two.image),
  ];
  return { differences, bodies, runs };
}

function opened({ bytes, decryptKey }: Parameters<typeof compareImages>[0]): ImageVerdict {
  return verifyImage(bytes, defined({ decryptKey }));
}

const VERSION_FIELDS: readonly string[] = ["major", "minor", "revision", "build"];

function headerDifferences(a: ParsedImage, b: ParsedImage): ImageDifference[] {
  const shown = (image: ParsedImage): Record<string, string> => {
    const { version, flags, ...numbers } = image.header;
    const rest = Object.entries(numbers).map(([name, value]) => [name, `0x${value.toString(16)}`]);
    const flagText = `0x${flags.toString(16)} ${flagNames(flags).join(" ")}`.trim();
    return { ...Object.fromEntries(rest), flags: flagText, version: formatVersion(version) };
  };
  const [one, two] = [shown(a), shown(b)];
  const names = [...HEADER.map((row) => row.name).filter((name) => !VERSION_FIELDS.includes(name)), "version"];
  const fields = names
    .filter((name) => one[name] !== two[name])
    .map((what): ImageDifference => ({ part: "header", what, a: one[what], b: two[what] }));
  const padding = [a, b].map((image) => hex(image.headerRoom.subarray(32)));
  if (padding[0] === padding[1] || a.header.headerBytes !== b.header.headerBytes) return fields;
  return [...fields, { part: "header", what: "padding after the fields", a: "", b: "differs" }];
}

/** TLVs of one area, paired by type and order among their type. */
function tlvDifferences(area: string, a: readonly Tlv[], b: readonly Tlv[]): ImageDifference[] {
  const types = [...new Set([...a, ...b].map((entry) => entry.type))];
  return types.flatMap((type) => {
    const [one, two] = [a, b].map((list) => list.filter((entry) => entry.type === type));
    const count = Math.max(one?.length ?? 0, two?.length ?? 0);
    return Array.from({ length: count }, (_, at) => at).flatMap((at): ImageDifference[] => {
      const [left, right] = [one?.[at]?.data, two?.[at]?.data];
      if (left !== undefined && right !== undefined && equalBytes(left, right)) return [];
      const number = count > 1 ? ` (${at + 1} of ${count})` : "";
      return [{ part: "TLV", what: `${area} ${tlvLabel(type)}${number}`, a: shownData(left), b: shownData(right) }];
    });
  });
}

/** Equal bodies may be stored differently: encrypted with another key, or left plain. */
function storageDifferences(a: ImageVerdict, b: ImageVerdict): ImageDifference[] {
  const how = ({ image, plainBody }: ImageVerdict): string => {
    if (!isMarkedEncrypted(image.header)) return "plain";
    if (plainBody === undefined) return "encrypted, not opened";
    return plainBody === image.body ? "plain, flagged as encrypted" : "encrypted";
  };
  const [one, two] = [how(a), how(b)];
  return one === two ? [] : [{ part: "body", what: "stored", a: one, b: two }];
}

function bodyDifferences(
  runs: readonly DifferingRun[],
  bodies: "plain" | "stored",
  a: Uint8Array,
  b: Uint8Array,
): ImageDifference[] {
  const as = bodies === "plain" ? "" : " (as stored)";
  const sizes = a.length === b.length ? [] : [`${a.length} bytes`, `${b.length} bytes`];
  const list: ImageDifference[] =
    sizes.length === 0 ? [] : [{ part: "body", what: `length${as}`, a: sizes[0], b: sizes[1] }];
  for (const { offset, bytes } of runs) {
    const what = `0x${offset.toString(16)}, ${bytes} bytes${as}`;
    const [left, right] = [a, b].map((body) => shownData(body.subarray(offset, offset + bytes)));
    list.push({ part: "body", what, a: left, b: right });
  }
  return list;
}

function restDifferences(a: ParsedImage, b: ParsedImage): ImageDifference[] {
  if (equalBytes(a.rest, b.rest)) return [];
  const what = "slot padding and trailer";
  return [{ part: "after the image", what, a: `${a.rest.length} bytes`, b: `${b.rest.length} bytes` }];
}

function differingRuns(a: Uint8Array, b: Uint8Array): DifferingRun[] {
  const runs: { offset: number; bytes: number }[] = [];
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at += 1) {
    if (a[at] === b[at]) continue;
    const last = runs.at(-1);
    if (last !== undefined && at - (last.offset + last.bytes) < GAP_BYTES) last.bytes = at + 1 - last.offset;
    else runs.push({ offset: at, bytes: 1 });
  }
  return runs;
}

function shownData(data: Uint8Array | undefined): string | undefined {
  if (data === undefined) return undefined;
  const text = hex(data.subarray(0, SHOWN_BYTES));
  return data.length > SHOWN_BYTES ? `${text}… (${data.length} bytes)` : text;
}
