import { defined, hex, isKind, UsageError } from "../../core/index.ts";
import {
  type AnyKey,
  type ClearSearch,
  findClearBlocks,
  formatVersion,
  type ImageVerdict,
  isMarkedEncrypted,
  keyTypeRow,
  namedKey,
  type StructureFinding,
  sharedImageKeys,
  structureFindings,
  type VerifyOptions,
  verifyImage,
} from "../../image/index.ts";
import { decryptionKeyFrom, firmwareFrom, type ImageTool, keyFrom } from "./options/tool.ts";
import { structureOptionsOf, type VerifyValues } from "./options/verify-options.ts";

/** imgtool's words for a file that is no image, by the field that is wrong. */
const NO_IMAGE = new Map([
  ["magic", "Invalid image magic; is this an MCUboot image?"],
  ["TLV info magic", "Invalid TLV info magic; is this an MCUboot image?"],
]);

/** What is checked with: the keys that may have signed, as they were named. */
interface Keys {
  readonly signing: readonly { readonly name: string; readonly key: AnyKey }[];
  readonly decryptKey?: VerifyOptions["decryptKey"];
}

interface Verified {
  readonly path: string;
  readonly exit: number;
  readonly verdict: ImageVerdict | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** `hil image verify`: 0 when all images are good; 1 with one line on standard output when not, as imgtool does. */
export function runVerify(tool: ImageTool, values: VerifyValues, positionals: readonly string[]): number {
  const keys = keysOf(tool, values);
  const payload = payloadOf(tool, values);
  const several = positionals.length > 1;
  const results = positionals.map((path) => {
    if (several) tool.io.out(`${path}: `);
    return verifyOne(tool, path, values, keys, payload);
  });
  const shared = sharedKeys(tool, results, keys, values.strict);
  tool.tell?.({ images: results.map(({ path, facts }) => ({ path, ...facts })), sharedKeys: shared });
  const worst = Math.max(...results.map((result) => result.exit));
  return worst === 0 && shared.length > 0 && values.strict ? 1 : worst;
}

function verifyOne(
  tool: ImageTool,
  path: string,
  values: VerifyValues,
  { signing, decryptKey }: Keys,
  payload: Uint8Array | undefined,
): Verified {
  const { bytes } = firmwareFrom(tool, path, `Image file ${path} not found`);
  const publicKey = namedKey(
    bytes,
    signing.map(({ key }) => key),
  );
  const keys = defined({ publicKey, decryptKey });
  let verdict: ImageVerdict;
  try {
    verdict = verifyImage(bytes, keys);
  } catch (error) {
    if (!isKind(error, "image")) throw error;
    const fault = "fault" in error ? (error.fault as { field?: string }) : {};
    const line = NO_IMAGE.get(fault.field ?? "");
    if (line !== undefined) tool.io.out(`${line}\n`);
    tool.io.err(`Error: ${error.paragraph()}\n`);
    const facts = { valid: false, error: { text: error.paragraph(), where: fault } };
    return { path, exit: error.exitCode, verdict: undefined, facts };
  }
  const findings = structureFindings(verdict.image, { ...structureOptionsOf(values), plainBody: verdict.plainBody });
  const clear = payload === undefined ? undefined : findClearBlocks(bytes, payload);
  const { hash, signature, keyHash, decryption, digest } = verdict;
  const version = formatVersion(verdict.image.header.version);
  const good = isGood(verdict, findings, clear, values.strict);
  const several = signing.length > 1 && signature.result === "valid" ? signing : [];
  const signedBy = several.find(({ key }) => key === publicKey)?.name;
  const facts = {
    ...{ valid: good, version, digest, hash, signature, keyHash, decryption, findings, payload: clear },
    ...defined({ signedBy }),
  };
  if (good) {
    tool.io.out(`Image was correctly validated\nImage version: ${version}\n${identityLine(verdict, keys)}`);
    if (signedBy !== undefined) tool.io.out(`Signed by: ${signedBy}\n`);
  } else report(tool, verdict, findings, clear);
  reportRest(tool, verdict, findings, clear);
  return { path, exit: good ? 0 : 1, verdict, facts };
}

function isGood(
  verdict: ImageVerdict,
  findings: readonly StructureFinding[],
  clear: ClearSearch | undefined,
  strict: boolean,
): boolean {
  if (findings.some((finding) => finding.severity === "refused" || strict)) return false;
  if (clear === undefined) return verdict.ok;
  // "Is it really encrypted?" is asked where the device's key is not at hand, too.
  const closed = verdict.hash.result === "unchecked" && verdict.decryption.result === "unchecked";
  return clear.foundCount === 0 && (verdict.ok || closed);
}

function keysOf(tool: ImageTool, values: VerifyValues): Keys {
  const names = values.key?.split(",") ?? [];
  const signing = names.map((name) => ({ name, key: keyFrom(tool, name) }));
  const types = new Set(signing.map(({ key }) => key.type));
  if (types.size > 1) {
    throw new UsageError(`keys of types ${[...types].join(", ")}: a bootloader checks one kind of signature.`);
  }
  const path = values["decrypt-key"];
  return path === undefined ? { signing } : { signing, decryptKey: decryptionKeyFrom(tool, path) };
}

function payloadOf(tool: ImageTool, values: VerifyValues): Uint8Array | undefined {
  const path = values.payload;
  if (path === undefined) return undefined;
  const { bytes } = firmwareFrom(tool, path, `Payload file ${path} not found`);
  if (findClearBlocks(new Uint8Array(0), bytes).searched > 0) return bytes;
  throw new UsageError(
    `payload ${path} has no block of 16 bytes that is not mere repetition: there is nothing to look for.`,
    "Give the firmware that was signed.",
  );
}

/** imgtool's line for the first thing that is wrong, and on standard error why, where the line does not say. */
function report(
  tool: ImageTool,
  verdict: ImageVerdict,
  findings: readonly StructureFinding[],
  clear: ClearSearch | undefined,
): void {
  const { hash, signature, keyHash, decryption } = verdict;
  if (!verdict.keyFitsHash) {
    tool.io.out("Key type does not match TLV record\n");
  } else if (hash.result === "invalid" || decryption.result === "invalid") {
    tool.io.out("Image has an invalid hash\n");
    const why = decryption.result === "invalid" ? decryption.reason : hash.reason;
    if (isMarkedEncrypted(verdict.image.header) || verdict.digest === undefined) tool.io.err(`Error: ${why}\n`);
  } else if (clear !== undefined && clear.foundCount > 0) {
    tool.io.out("Payload stands in the image in clear\n");
  } else if (hash.result === "unchecked") {
    tool.io.out("Image has an invalid hash\n");
    tool.io.err(`Error: ${hash.reason}\nGive --decrypt-key with the private key of the device.\n`);
  } else if (findings.some((finding) => finding.severity === "refused")) {
    tool.io.out("Image would be refused by the bootloader\n");
  } else if (verdict.ok) {
    tool.io.out("Image has warnings, and --strict was given\n");
  } else {
    tool.io.out("No signature found for the given key\n");
    if (signature.result === "valid") tool.io.err(`Error: ${keyHash.reason}\n`);
  }
}

/** Findings and blocks in clear, one a line on standard error. */
function reportRest(
  tool: ImageTool,
  verdict: ImageVerdict,
  findings: readonly StructureFinding[],
  clear: ClearSearch | undefined,
): void {
  for (const { severity, text } of findings) tool.io.err(`${severity === "refused" ? "Error" : "Warning"}: ${text}\n`);
  if (clear === undefined) return;
  const { found, foundCount, searched, trivial } = clear;
  tool.io.err(`Payload: ${searched} blocks of 16 bytes looked for, ${trivial} of mere repetition not.\n`);
  for (const { payloadOffset, fileOffset } of found) {
    const [from, to] = [payloadOffset, fileOffset].map((offset) => `0x${offset.toString(16)}`);
    tool.io.err(`Error: payload block ${from} stands in clear at ${to}\n`);
  }
  if (foundCount > found.length) tool.io.err(`Error: … and ${foundCount - found.length} more\n`);
  if (verdict.hash.result === "unchecked")
    tool.io.err(`Hash and signature were not checked: ${verdict.hash.reason}.\n`);
}

/** Pairs of files with one AES key, by name; said on standard error. */
function sharedKeys(
  tool: ImageTool,
  results: readonly Verified[],
  { decryptKey }: Keys,
  strict: boolean,
): readonly (readonly [string, string])[] {
  const readable = results.flatMap(({ path, verdict }) => (verdict === undefined ? [] : [{ path, verdict }]));
  const images = readable.map(({ verdict }) => verdict.image);
  const pairs = sharedImageKeys(images, decryptKey).map(
    ([a, b]) => [readable[a]?.path ?? "", readable[b]?.path ?? ""] as const,
  );
  for (const [a, b] of pairs) {
    const word = strict ? "Error" : "Warning";
    tool.io.err(
      `${word}: ${a} and ${b} are encrypted with the same AES key: together they give their contents away.\n`,
    );
  }
  if (strict && decryptKey === undefined && images.filter((image) => isMarkedEncrypted(image.header)).length > 1) {
    throw new UsageError("--strict compares the AES keys of several encrypted images: that takes --decrypt-key.");
  }
  return pairs;
}

function identityLine(verdict: ImageVerdict, keys: VerifyOptions): string {
  const { publicKey } = keys;
  if (verdict.pure && publicKey !== undefined) {
    const { signatureTlv } = keyTypeRow(publicKey.type);
    const signature = verdict.image.area.entries.find((entry) => entry.type === signatureTlv);
    return `Image signature over image: ${hex(signature?.data ?? new Uint8Array(0))}\n`;
  }
  if (verdict.digest === undefined) return "";
  return `Image digest: ${hex(verdict.digest)}\n`;
}
