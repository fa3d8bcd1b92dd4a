import { equalBytes, hex } from "../src/core/index.ts";
import {
  type AnyKey,
  digest,
  dumpImage,
  flagNames,
  flatten,
  formatVersion,
  type ImageVerdict,
  loadEncryptionKey,
  loadKey,
  type PrivateKey,
  parseIntelHex,
  TLV,
  TRAPS,
  tlvsOf,
  verifyImage,
  type WrappingKey,
} from "../src/image/index.ts";
import { differences, fileIn, judged, type Ran, randomnessOf, runIn } from "./imgtool-bench.ts";
import type { Checks, Negative, RunCase, Vector } from "./imgtool-manifest.ts";
import { errorText } from "./imgtool-texts.ts";
import type { GoldenResult } from "./report.ts";

/** All that a good file is asked: built again, read, verified. */
export async function* imageCases(folder: string, vector: Vector): AsyncGenerator<GoldenResult> {
  const { name } = vector;
  if (name.startsWith("trap-")) {
    yield trapCase(folder, vector);
    yield trapMade(folder, vector);
  } else {
    yield buildCase(folder, vector);
  }
  if (vector.expected !== undefined) yield judged("parse", name, () => parseDifferences(folder, vector));
  for (const [index, run] of (vector.verify ?? []).entries()) {
    yield judged("verify", `${name} ${index}`, () => verifyDifferences(folder, run));
  }
  const less = vector.one_byte_less;
  if (less !== undefined) {
    yield judged("size limit", name, async () => {
      const ran = await runIn(folder, less.command.slice(1));
      return differences([
        ["exit code", ran.exit, less.exit],
        ["text", errorText(ran.stderr), errorText(less.stderr ?? "")],
        ["files written", ran.written.size, 0],
      ]);
    });
  }
}

/** imgtool makes useless images of these options; `hil image` must refuse, with a reason and without a file. */
async function trapCase(folder: string, vector: Vector): Promise<GoldenResult> {
  return judged("trap refused", vector.name, async () => {
    const ran = await runIn(folder, vector.command?.slice(1) ?? []);
    return differences([
      ["exit code", ran.exit, 2],
      ["files written", ran.written.size, 0],
      ["says why", errorText(ran.stderr).length > 20, true],
    ]);
  });
}

/** Asked for by its name, the very file that imgtool makes. */
async function trapMade(folder: string, vector: Vector): Promise<GoldenResult> {
  return judged("trap made when asked for", vector.name, async () => {
    const [command = "", ...rest] = vector.command?.slice(1) ?? [];
    const argv = [command, "--imgtool-trap", TRAPS.map(({ name }) => name).join(","), ...rest];
    const { built, stderr } = await rebuilt(folder, vector, argv);
    const wanted = fileIn(folder, vector.file);
    if (built === undefined) return [`no file: ${stderr}`];
    return equalBytes(built, wanted) ? [] : [firstDifference(built, wanted)];
  });
}

async function buildCase(folder: string, vector: Vector): Promise<GoldenResult> {
  const kind = "image";
  const argv = vector.command?.slice(1) ?? ownCommand(vector);
  const output = argv.at(-1) ?? "";
  const asGiven = await runIn(folder, argv, { randomness: randomnessOf(vector) });
  if (asGiven.exit === 2 && asGiven.stderr.includes("--compression")) {
    return { kind, name: vector.name, status: "unsupported", reason: errorText(asGiven.stderr) };
  }
  return judged(kind, vector.name, async () => {
    if (asGiven.exit !== 0) return [`exit code ${asGiven.exit}: ${asGiven.stderr}`];
    const wanted = fileIn(folder, vector.file);
    if (hasTwoRandomSignatures(vector)) return alike(folder, vector, asGiven.written.get(output), wanted);
    const { built, stderr } = await rebuilt(folder, vector, argv);
    const same = built !== undefined && equalBytes(built, wanted);
    return [
      ...(same ? [] : [built === undefined ? `no file: ${stderr}` : firstDifference(built, wanted)]),
      ...differences([["stdout", asGiven.stdout, vector.stdout ?? asGiven.stdout]]),
      ...extraDifferences(vector, asGiven, output),
    ];
  });
}

/** A compressed image signed with ECDSA holds a second signature, of the image it decompresses to. */
function hasTwoRandomSignatures(vector: Vector): boolean {
  const types = vector.expected?.tlvs.map((tlv) => tlv.type) ?? [];
  return types.includes(TLV.DECOMP_SIGNATURE) && types.includes(TLV.ECDSASIG);
}

/** Equal but for what depends on the random signatures; and the new ones are good. */
function alike(folder: string, vector: Vector, built: Uint8Array | undefined, wanted: Uint8Array): string[] {
  if (built === undefined) return ["no file"];
  const random: readonly number[] = [TLV.DECOMP_SIGNATURE, TLV.ECDSASIG, TLV.SHA256];
  const keys = keysOf(folder, vector);
  const [found, expected] = [verifyImage(built, keys), verifyImage(wanted, keys)].map((verdict) => ({
    ok: verdict.ok,
    header: JSON.stringify({ ...verdict.image.header, protectedTlvBytes: 0 }),
    body: hex(digest("sha256", verdict.image.body)),
    tlvs: tlvsOf(verdict.image)
      .map(({ type, data }) => `${type}:${random.includes(type) ? "" : hex(data)}`)
      .join(" "),
  }));
  return differences([
    ["good", found?.ok, true],
    ["header", found?.header, expected?.header],
    ["body", found?.body, expected?.body],
    ["TLVs", found?.tlvs, expected?.tlvs],
  ]);
}

/** Files beside the image (`--sig-out`): exact, but for ECDSA signatures, which differ from run to run. */
function extraDifferences(vector: Vector, ran: Ran, output: string): string[] {
  const isRandom = vector.expected?.tlvs.some((tlv) => tlv.type === TLV.ECDSASIG) === true;
  return [...ran.written].flatMap(([path, bytes]) => {
    if (path === output) return [];
    const sha256 = isRandom ? vector.extra_files?.[path] : hex(digest("sha256", bytes));
    return differences([[`SHA-256 of ${path}`, sha256, vector.extra_files?.[path] ?? "a file nobody asked for"]]);
  });
}

/** ECDSA is random in imgtool: the signature bytes come from the file, through the options for outside signatures. */
async function rebuilt(
  folder: string,
  vector: Vector,
  argv: readonly string[],
): Promise<{ built: Uint8Array | undefined; stderr: string }> {
  const output = argv.at(-1) ?? "";
  const signature = vector.expected?.tlvs.find((tlv) => tlv.type === TLV.ECDSASIG && !tlv.protected);
  const keyAt = argv.findIndex((argument) => argument === "-k" || argument === "--key");
  const keyPath = argv[keyAt + 1];
  if (signature === undefined || keyAt < 0 || keyPath === undefined) {
    const ran = await runIn(folder, argv, { randomness: randomnessOf(vector) });
    return { built: ran.written.get(output), stderr: ran.stderr };
  }
  const base64 = Buffer.from(Buffer.from(signature.hex, "hex").toString("base64"), "latin1");
  const edited = [...argv];
  edited.splice(keyAt, 2, "--fix-sig", "golden-signature.b64", "--fix-sig-pubkey", keyPath);
  const extra = new Map([["golden-signature.b64", new Uint8Array(base64)]]);
  const ran = await runIn(folder, edited, { randomness: randomnessOf(vector), extra });
  return { built: ran.written.get(output), stderr: ran.stderr };
}

/** The command that would make a vector of own construction. */
function ownCommand(vector: Vector): string[] {
  const { options, kek = "" } = vector;
  if (options === undefined) throw new Error(`${vector.name} has neither command nor options`);
  return [
    "sign",
    ...["-H", String(options.header_size), "--pad-header", "-S", "0", "-v", options.version],
    ...(options.key === null ? [] : ["-k", options.key]),
    ...["-E", kek, "--encrypt-keylen", String(options.encrypt_keylen)],
    ...(options.clear ? ["--clear"] : []),
    vector.payload,
    vector.file,
  ];
}

function parseDifferences(folder: string, vector: Vector): string[] {
  const { expected } = vector;
  if (expected === undefined) return [];
  const bytes = firmware(folder, vector.file);
  const verdict = verifyImage(bytes, { ...keysOf(folder, vector), endian: expected.endian });
  const { image } = verdict;
  const { header } = image;
  const found = tlvsOf(image).map((tlv) => `${tlv.type}@${tlv.offset}:${hex(tlv.data)}`);
  const wanted = expected.tlvs.map((tlv) => `${tlv.type}@${tlv.offset}:${tlv.hex}`);
  return [
    ...differences([
      ["magic", header.magic, expected.header.magic],
      ["load address", header.loadAddress, expected.header.load_addr],
      ["header size", header.headerBytes, expected.header.hdr_size],
      ["protected TLV size", header.protectedTlvBytes, expected.header.protect_tlv_size],
      ["image size", header.bodyBytes, expected.header.img_size],
      ["flags", header.flags, expected.header.flags],
      ["flag names", flagNames(header.flags).join(), expected.header.flag_names.join()],
      ["version", formatVersion(header.version), expected.version],
      ["TLVs", found.join(" "), wanted.join(" ")],
      ["signed length", image.signedBytes, expected.signed_len],
      ["image length", image.imageBytes, expected.image_len],
    ]),
    ...checkDifferences(verdict, expected.checks),
    ...trailerDifferences(bytes, vector),
  ];
}

function trailerDifferences(bytes: Uint8Array, vector: Vector): string[] {
  const wanted = vector.expected?.trailer;
  if (wanted === undefined) return [];
  const { trailer } = dumpImage(bytes, vector.name);
  return differences([
    ["trailer magic", hex(trailer?.magic ?? new Uint8Array(0)), wanted.magic_hex],
    ["alignment", trailer?.maxAlign, wanted.max_align],
    ["image_ok", trailer?.imageOk, wanted.image_ok],
    ["copy_done", trailer?.copyDone, wanted.copy_done],
    ["swap_info", trailer?.swapInfo, wanted.swap_info],
    ["swap_size", trailer?.swapSizeBytes, wanted.swap_size],
  ]);
}

/** A check that the vectors answer with true must be valid here; one answered with false must not be. */
function checkDifferences(verdict: ImageVerdict, checks: Checks): string[] {
  const isValid = (answer: { result: string }): boolean => answer.result === "valid";
  const sha = (bytes: Uint8Array | undefined): string => (bytes === undefined ? "" : hex(digest("sha256", bytes)));
  const keyOk = checks.keyhash_ok ?? checks.pubkey_ok;
  const undecrypted = verdict.plainBody === undefined;
  return differences([
    ["hash", isValid(verdict.hash), checks.hash_ok ?? false],
    ...(checks.signature_ok === undefined
      ? []
      : ([["signature", isValid(verdict.signature), checks.signature_ok]] as const)),
    ...(keyOk === undefined ? [] : ([["key hash", isValid(verdict.keyHash), keyOk]] as const)),
    ...(checks.unwrap_error === undefined ? [] : ([["decryption", verdict.decryption.result, "invalid"]] as const)),
    ...(checks.plain_body_sha256 === undefined || undecrypted
      ? []
      : ([["plain body", sha(verdict.plainBody), checks.plain_body_sha256]] as const)),
    ...(checks.signed_region_sha256 === undefined || undecrypted
      ? []
      : ([["signed region", sha(verdict.signedRegion), checks.signed_region_sha256]] as const)),
  ]);
}

async function verifyDifferences(folder: string, run: RunCase): Promise<string[]> {
  const ran = await runIn(folder, run.command.slice(1));
  // Where imgtool ends in a Python error there is no text to follow; it must still be a failure.
  const crashed = (run.stderr ?? "") !== "";
  if (crashed) return ran.exit === 0 ? ["exit code is 0, imgtool fails"] : [];
  // The fork cannot use the public half of an Ed25519 key; mainline and we can.
  const forkDefect = run.command[0] === "imgtool-ncs" && run.command.some((word) => word.endsWith("ed25519.pub.pem"));
  if (forkDefect) return differences([["exit code", ran.exit, ran.stdout.startsWith("Image was correctly") ? 0 : 1]]);
  return differences([
    ["exit code", ran.exit, run.exit],
    ["stdout", ran.stdout, run.stdout],
  ]);
}

/** A damaged file: refused or answered as a strict reader does, and never more lenient than imgtool. */
export async function* negativeCases(folder: string, negative: Negative): AsyncGenerator<GoldenResult> {
  const { name, strict } = negative;
  yield judged("negative", name, () => negativeDifferences(folder, negative));
  for (const [index, run] of negative.verify.entries()) {
    yield judged("negative verify", `${name} ${index}`, async () => {
      const ran = await runIn(folder, run.command.slice(1));
      const refused = strict.parse.startsWith("refused");
      const isBad = strict.checks?.hash_ok !== true || strict.checks.signature_ok === false;
      const withKey = run.command.includes("-k");
      const lenient = run.exit === 0 && (refused || (withKey && isBad));
      if (lenient) return ran.exit === 1 ? [] : [`exit code is ${ran.exit}; the bootloader refuses this image`];
      if (refused || (run.stderr ?? "") !== "") return ran.exit === 0 ? ["exit code is 0"] : [];
      return differences([
        ["exit code", ran.exit, run.exit],
        ["line", verifyLine(ran.stdout), verifyLine(run.stdout ?? "")],
      ]);
    });
  }
}

/** An image without hash TLV is, to imgtool, one without signature; here the missing hash is named first. */
function verifyLine(stdout: string): string {
  return /^(Image has an invalid hash|No signature found for the given key)\n$/.test(stdout) ? "refused" : stdout;
}

function negativeDifferences(folder: string, negative: Negative): string[] {
  const bytes = firmware(folder, negative.file);
  let verdict: ImageVerdict;
  try {
    verdict = verifyImage(bytes, negativeKeys(folder, negative));
  } catch (error) {
    return negative.strict.parse.startsWith("refused") ? [] : [`refused: ${String(error)}`];
  }
  if (negative.strict.parse.startsWith("refused")) return [`accepted, though: ${negative.strict.parse}`];
  return checkDifferences(verdict, negative.strict.checks ?? {});
}

interface Keys {
  readonly publicKey?: AnyKey;
  readonly decryptKey?: PrivateKey | WrappingKey;
}

/** The keys that belong to a vector by its command. */
function keysOf(folder: string, vector: Vector): Keys {
  const argv = vector.command ?? ownCommand(vector);
  const after = (...names: readonly string[]): string | undefined => {
    const at = argv.findIndex((argument) => names.includes(argument));
    return at < 0 ? undefined : argv[at + 1];
  };
  return loaded(folder, after("-k", "--key") ?? after("--fix-sig-pubkey"), after("-E", "--encrypt"));
}

function negativeKeys(folder: string, negative: Negative): Keys {
  const withKey = negative.verify.find((run) => run.command.includes("-k"));
  const keyPath = withKey?.command[withKey.command.indexOf("-k") + 1] ?? signingKeyOf(negative.from);
  return loaded(folder, keyPath, negative.enc_key);
}

/** Encrypted files are verified without key in the vectors; the strict answers are for the key that signed. */
function signingKeyOf(from: string): string | undefined {
  if (!from.includes("signed") && !from.includes("ed25519")) return undefined;
  if (from.includes("ec256")) return "keys/sign-ecdsa-p256.pem";
  return from.includes("rsa") ? "keys/sign-rsa2048.pem" : "keys/sign-ed25519.pem";
}

function loaded(folder: string, keyPath: string | undefined, encryptPath: string | undefined): Keys {
  const text = (path: string): string => Buffer.from(fileIn(folder, path)).toString("latin1");
  const publicKey = keyPath === undefined ? undefined : loadKey(text(keyPath));
  const opened =
    encryptPath === undefined ? undefined : loadEncryptionKey(text(encryptPath.replace(".pub.pem", ".pem")));
  return {
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(opened === undefined || opened.role === "public" ? {} : { decryptKey: opened }),
  };
}

function firmware(folder: string, path: string): Uint8Array {
  const bytes = fileIn(folder, path);
  return path.endsWith(".hex") ? flatten(parseIntelHex(Buffer.from(bytes).toString("latin1"))).bytes : bytes;
}

function firstDifference(built: Uint8Array, wanted: Uint8Array): string {
  const at = wanted.findIndex((byte, index) => built[index] !== byte);
  if (at < 0) return `${built.length} bytes, not ${wanted.length}`;
  return `differs at 0x${at.toString(16)}: ${hex(built.slice(at, at + 8))}, not ${hex(wanted.slice(at, at + 8))}`;
}
