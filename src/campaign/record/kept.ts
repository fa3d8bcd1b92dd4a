import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { entryAt, hasCode, hex, messageOf, readInput } from "../../core/index.ts";
import { hashOfTlv, parseImage } from "../../image/index.ts";

/** An image in a record's `inputs/`, as replay.json tells of it. */
export const KEPT_SCHEMA = z.strictObject({
  file: z.string().regex(/^inputs\/[\w.+-]+$/, "expected a file in inputs/"),
  /** `factory`: what a simulated board ran when it was new; only kept where another machine could not sign it. */
  role: z.enum(["old", "new", "factory"]),
  core: z.enum(["application", "network"]),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256"),
});

type Kept = z.output<typeof KEPT_SCHEMA>;

/** The images of a record, byte for byte as they were uploaded. */
export interface KeptImages {
  readonly old: KeptImage;
  readonly new: KeptImage;
  readonly factory?: Uint8Array;
}

export interface KeptImage {
  readonly file: Uint8Array;
  /** The network core's image that goes with it. */
  readonly network?: Uint8Array;
}

/** What a record keeps of an image. */
interface ImageToKeep {
  readonly role: "old" | "new";
  readonly version: string;
  readonly file: Uint8Array;
  readonly network?: { readonly image: { readonly version: string; readonly file: Uint8Array } };
}

/** The images of a campaign as a record keeps them. Encrypted ones stay so: a record holds no firmware in clear. */
export function keptOf(
  images: { readonly old: ImageToKeep; readonly new: ImageToKeep },
  factory?: Uint8Array,
): readonly { readonly kept: Kept; readonly content: Uint8Array }[] {
  const ofBoard = factory ? [keptFile("factory.bin", "factory", "application", factory)] : [];
  const ofCampaign = [images.old, images.new].flatMap(({ role, version, file, network }) => [
    keptFile(`${role}-${version}.bin`, role, "application", file),
    ...(network ? [keptFile(`network-${role}-${network.image.version}.bin`, role, "network", network.image.file)] : []),
  ]);
  return [...ofCampaign, ...ofBoard];
}

function keptFile(name: string, role: Kept["role"], core: Kept["core"], content: Uint8Array) {
  return { kept: { file: `inputs/${name}`, role, core, bytes: content.length, sha256: sha256(content) }, content };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What a replay tells of its images; `inputs` is missing in records from before they were listed. */
interface KeptList {
  readonly images: readonly {
    readonly role: "old" | "new";
    readonly core?: "network" | undefined;
    readonly version: string;
    readonly hash: string;
  }[];
  readonly inputs?: readonly Kept[] | undefined;
}

/** What a record's folder has of the images it was made with. */
interface KeptFound {
  /** Undefined: not all of them. */
  readonly images: KeptImages | undefined;
  /** Files that are not there, as sentences' ends: "inputs/new-2.0.0.bin (9,787 bytes, SHA-256 …)". */
  readonly missing: readonly string[];
  /** Files that are there, and are others than were recorded. */
  readonly changed: readonly string[];
}

/**
 * Reads the images of a record, each checked by its hash.
 * @param folder the record's folder; undefined for a replay.json that was sent alone.
 */
export function readKept(folder: string | undefined, list: KeptList): KeptFound {
  const missing: string[] = [];
  const changed: string[] = [];
  const take = (kept: Kept): Uint8Array | undefined => {
    const found = folder === undefined ? undefined : fileIn(folder, kept);
    if (found === undefined) missing.push(`${kept.file} (${kept.bytes} bytes, SHA-256 ${kept.sha256})`);
    else if (typeof found === "string") changed.push(`${kept.file} ${found}`);
    else return found;
    return undefined;
  };
  const { inputs } = list;
  if (inputs === undefined) return readUnlisted(folder, list.images);
  const files = inputs.map((kept) => ({ ...kept, content: take(kept) }));
  const [old, next] = (["old", "new"] as const).map((role) => {
    const of = (core: Kept["core"]) => files.find((kept) => kept.role === role && kept.core === core)?.content;
    const [file, network] = [of("application"), of("network")];
    return file && { file, ...(network && { network }) };
  });
  const isWhole = missing.length === 0 && changed.length === 0;
  const factory = files.find((kept) => kept.role === "factory")?.content;
  const images = old && next && { old, new: next, ...(factory && { factory }) };
  return { images: isWhole ? images : undefined, missing, changed };
}

/** The bytes of a file; a text says why they are not those that were recorded; undefined: there is no such file. */
function fileIn(folder: string, { file, bytes, sha256: expected }: Kept): Uint8Array | string | undefined {
  const path = join(folder, "inputs", basename(file));
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return "is no file";
    if (stat.size !== bytes) return `has ${stat.size} bytes, recorded were ${bytes}`;
    const content = readInput(path, bytes);
    const found = sha256(content);
    return found === expected ? content : `has SHA-256 ${found}, recorded was ${expected}`;
  } catch (error) {
    return hasCode(error, "ENOENT") ? undefined : `cannot be read (${messageOf(error)})`;
  }
}

/** Records that do not list their images keep them by role and version; the hash of header and firmware must be theirs. */
function readUnlisted(folder: string | undefined, images: KeptList["images"]): KeptFound {
  const found = images.map(({ role, version, hash }) => {
    const name = `${role}-${version}.bin`;
    const content = folder === undefined ? undefined : contentOf(join(folder, "inputs", name));
    return { role, name, content: content !== undefined && firmwareHash(content) === hash ? content : undefined };
  });
  const missing = found.filter(({ content }) => content === undefined).map(({ name }) => `inputs/${name}`);
  const [old, next] = (["old", "new"] as const).map((role) => found.find((image) => image.role === role)?.content);
  return { images: old && next ? { old: { file: old }, new: { file: next } } : undefined, missing, changed: [] };
}

function contentOf(path: string): Uint8Array | undefined {
  const isFile = entryAt(path)?.isFile() ?? false;
  return isFile ? readInput(path) : undefined;
}

function firmwareHash(content: Uint8Array): string | undefined {
  try {
    const { area } = parseImage(content);
    const entry = area.entries.find(({ type }) => hashOfTlv(type) !== undefined);
    return entry && hex(entry.data);
  } catch {
    return undefined;
  }
}
