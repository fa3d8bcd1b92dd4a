import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildProfile, buildProfileOf, readBuildFolder } from "../../board/index.ts";
import { EXIT, makeFolder, nearest, RealClock, UsageError } from "../../core/index.ts";
import { parseVersion } from "../../image/index.ts";
import { runProgram } from "../../power/index.ts";
import { imageCommand } from "../image/image.ts";
import { initCommand } from "../init/init.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { buildCommands, FIRMWARE_EXTRAS, type FirmwareRequest } from "./plan.ts";
import { findSdk } from "./sdk.ts";
import { FIRMWARE_BOARDS, FIRMWARE_VARIANTS, type FirmwareVariant, SELF_TESTS } from "./variants.ts";

const MINUTE_MS = 60_000;
const BUILD_MS_MAX = 60 * MINUTE_MS;
/** Room for the image's own code in the smallest slot: 832 KiB of padding are the most that a slot of 896 KiB takes. */
const PAD_KIB_MAX = 832;
const PROGRESS_PARTS = 5;
const VERSIONS = ["1.0.0", "2.0.0"] as const;
/** Of what a program printed, the end, in characters. */
const SAID_MAX = 600;
const SOURCES = fileURLToPath(new URL("../../../firmware-fixtures", import.meta.url));

const OPTIONS = {
  sdk: { type: "string", describe: "workspace with zephyr/ and bootloader/mcuboot/ (default: that of ZEPHYR_BASE)" },
  out: { type: "string", alias: "o", describe: "folder to write", default: "firmware/VARIANT" },
  board: { type: "string", describe: FIRMWARE_BOARDS.map(({ name }) => name).join(" or "), default: "nrf5340dk" },
  "image-version": { type: "string", describe: "version to sign (repeatable)", default: VERSIONS.join(" and ") },
  "self-test": { type: "string", describe: `what it does once it runs: ${SELF_TESTS.join(", ")}`, default: "waits" },
  with: { type: "string", describe: `part of the application: ${FIRMWARE_EXTRAS.join(", ")} (repeatable)` },
  "pad-kib": { type: "string", describe: "KiB of bytes that do not compress, to make the image larger" },
  "network-version": { type: "string", describe: "version that the network core tells", default: "1" },
  signing: { type: "string", describe: "private key (PEM) to sign with (default: a new one, in the folder)" },
  encryption: { type: "string", describe: "private key (PEM) to encrypt for (default: a new one, in the folder)" },
} as const satisfies OptionRows;

/** `hil firmware build VARIANT`: bootloader, application and network core from the fixture's sources, ready to run. */
export async function firmwareBuildCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil firmware build <variant> [options]", OPTIONS, 1);
  if (!args) return EXIT.pass;
  const variant = oneOf(FIRMWARE_VARIANTS, args.positional[0], "a variant", "hil firmware list shows them.");
  const out = resolve(io.cwd, args.text("out") ?? join("firmware", variant.name));
  const named = args.texts("image-version");
  const versions = named.length > 0 ? named : VERSIONS;
  for (const version of versions) parseVersion(version);
  const sdk = findSdk(args.text("sdk"), io);
  const request = requestOf(args, io, variant, out);
  const commands = buildCommands(request, sdk);
  await makeOwnKeys(request, out, io);
  io.out(`sdk       Zephyr ${sdk.version}, ${sdk.zephyr}\n`);
  await built(commands, request, io, join(out, "build.log"));
  const profile = await buildProfileOf(await readBuildFolder(request.build));
  const images = await signed(request, profile, versions, out, io);
  await profileWritten(out, variant, io);
  const [old, next] = [images[0], images.at(-1)].map((file) => relative(io.cwd, file ?? ""));
  const board = relative(io.cwd, join(out, "emulated.yaml"));
  io.out(`next      hil run ${old} ${next} --board ${board}\n`);
  io.out(
    `          hil init --from-build ${relative(io.cwd, request.build)} --name my-board   (for the board on your desk)\n`,
  );
  return EXIT.pass;
}

function oneOf<T extends { readonly name: string }>(
  rows: readonly T[],
  name: string | undefined,
  what: string,
  hint: string,
): T {
  const names = rows.map((row) => row.name);
  if (name === undefined) throw new UsageError(`hil firmware build wants ${what}: ${names.join(", ")}.`, hint);
  const row = rows.find((candidate) => candidate.name === name);
  if (row) return row;
  const near = nearest(name, names);
  throw new UsageError(`"${name}" is not ${what}.`, near === undefined ? hint : `Did you mean ${near}? ${hint}`);
}

function choices<T extends string>(names: readonly T[]): readonly { readonly name: T }[] {
  return names.map((name) => ({ name }));
}

function requestOf(args: Parsed, io: CliIo, variant: FirmwareVariant, out: string): FirmwareRequest {
  const board = oneOf(FIRMWARE_BOARDS, args.text("board") ?? "nrf5340dk", "a board of the fixture", "");
  const selfTest = oneOf(choices(SELF_TESTS), args.text("self-test") ?? "waits", "a self-test", "").name;
  const extras = args.texts("with").map((name) => oneOf(choices(FIRMWARE_EXTRAS), name, "a part to build", "").name);
  const padKib = args.whole("pad-kib", { least: 1, most: PAD_KIB_MAX });
  const networkVersion = args.whole("network-version", { least: 0, most: 0x7fff_ffff }) ?? 1;
  const key = (option: "signing" | "encryption") => {
    const given = args.text(option);
    if (given === undefined) return ownKey(out, option);
    if (existsSync(resolve(io.cwd, given))) return resolve(io.cwd, given);
    throw new UsageError(`--${option}: there is no file ${given}.`, "hil image keygen makes a key.");
  };
  const keys = { signing: key("signing"), encryption: variant.encryption && key("encryption") };
  const build = join(out, "build");
  return { variant, board, selfTest, padKib, networkVersion, extras, keys, sources: SOURCES, build };
}

function ownKey(out: string, option: "signing" | "encryption"): string {
  return join(out, "keys", `${option}.pem`);
}

/** Keys of this folder's own: made once, and kept for the builds to come. */
async function makeOwnKeys({ variant, keys }: FirmwareRequest, out: string, io: CliIo): Promise<void> {
  for (const option of ["signing", "encryption"] as const) {
    const type = { signing: variant.signature, encryption: variant.encryption }[option]?.key;
    const file = ownKey(out, option);
    if (type === undefined || keys[option] !== file || existsSync(file)) continue;
    makeFolder(join(out, "keys"));
    await imageTool(["keygen", "-k", file, "-t", type], io);
  }
}

async function built(
  commands: readonly (readonly string[])[],
  { build }: FirmwareRequest,
  io: CliIo,
  log: string,
): Promise<void> {
  makeFolder(build);
  writeFileSync(log, "");
  for (const command of commands) {
    io.out(`build     ${command.slice(0, 2).join(" ")} … (${relative(io.cwd, log)})\n`);
    appendFileSync(log, `${command.join(" ")}\n`);
    const progress = new Progress((text) => io.out(`          ${text}\n`));
    const result = await runProgram(command, {
      what: "building the firmware",
      clock: new RealClock(),
      folder: undefined,
      timeoutMs: BUILD_MS_MAX,
      killAfterMs: 5_000,
      signal: io.signal,
      hint: "See whether its build tool waits for something.",
      env: io.env,
      onOutput: (text) => {
        appendFileSync(log, text);
        progress.take(text);
      },
    });
    if (result.exitCode !== 0) {
      throw new UsageError(
        `${command[0]} ended with ${result.exitCode ?? result.signalName}: ${endOf(result.output)}`,
        `All it said: ${relative(io.cwd, log)}. What an SDK needs: hil firmware build --help, docs/firmware.md.`,
      );
    }
  }
}

/** The end of what a program printed, on one line. */
function endOf(output: string): string {
  return output
    .trim()
    .slice(-SAID_MAX)
    .replaceAll(/\s*\n\s*/g, " | ");
}

/** Ninja's `[done/all]`, a line each fifth, so that minutes of compiling are not silent. */
class Progress {
  readonly #say: (text: string) => void;
  #said = 0;
  #rest = "";

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  take(text: string): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = (lines.pop() ?? "").slice(-256);
    for (const line of lines) {
      const [, done, all] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
      const part = Math.floor((Number(done) / Number(all)) * PROGRESS_PARTS);
      // A build of several images begins anew with each of them.
      if (part > this.#said) this.#say(`${done} of ${all}`);
      if (Number.isInteger(part)) this.#said = part;
    }
  }
}

/** Each version of the application, plain and, where the bootloader decrypts, encrypted. @returns what to upgrade to. */
async function signed(
  { build, keys }: FirmwareRequest,
  profile: BuildProfile,
  versions: readonly string[],
  out: string,
  io: CliIo,
): Promise<readonly string[]> {
  const payload = join(build, "app", "zephyr", "zephyr.bin");
  const { primary } = profile.layout.areas;
  const sign = [
    ...["sign", "-k", keys.signing, "-H", String(profile.headerBytes.value)],
    ...["-S", String(primary?.value.bytes ?? 0), "-M", String(profile.maxImageSectors.value)],
    ...["--align", String(profile.writeBytes.value), "--max-align", String(profile.maxAlign.value)],
    ...(profile.mode.value === "overwrite-only" ? ["--overwrite-only"] : []),
  ];
  const files: string[] = [];
  for (const [index, version] of versions.entries()) {
    const plain = join(out, `app-${version}.bin`);
    await imageTool([...sign, "-v", version, payload, plain], io);
    await imageTool(["verify", "-k", keys.signing, plain], io);
    io.out(`image     ${relative(io.cwd, plain)}\n`);
    const encrypted = join(out, `app-${version}.encrypted.bin`);
    if (keys.encryption !== undefined) {
      await imageTool([...sign, "-v", version, "-E", keys.encryption, payload, encrypted], io);
      const opens = ["--decrypt-key", keys.encryption, "--payload", payload];
      await imageTool(["verify", "-k", keys.signing, ...opens, encrypted], io);
      io.out(`image     ${relative(io.cwd, encrypted)}: no block of the firmware stands in it in clear\n`);
    }
    // What a board begins with was programmed, in clear.
    files.push(keys.encryption === undefined || index === 0 ? plain : encrypted);
  }
  return files;
}

/** `hil image …` in silence; what it complains of is the error's text. */
async function imageTool(argv: readonly string[], io: CliIo): Promise<void> {
  let said = "";
  const quiet = { ...io, out: () => {}, err: (text: string) => void (said += text) };
  const exit = await imageCommand(argv, quiet);
  if (exit !== EXIT.pass) throw new UsageError(`hil image ${argv[0]}: ${endOf(said)}`, "");
}

async function profileWritten(out: string, { name }: FirmwareVariant, io: CliIo): Promise<void> {
  const file = join(out, "emulated.yaml");
  const words = ["--from-build", join(out, "build"), "--provider", "emulated", "--name", name, "-o", file, "--force"];
  await initCommand(words, { ...io, out: () => {}, err: () => {} });
  io.out(`profile   ${relative(io.cwd, file)}\n`);
}
