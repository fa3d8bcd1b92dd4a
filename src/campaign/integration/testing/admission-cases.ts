import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootloaderBuildOf, imageCrypto, type LoadedProfile, parseProfile, profileKeys } from "../../../board/index.ts";
import { isHilError, Random, sleep, VirtualClock } from "../../../core/index.ts";
import {
  buildImage,
  decodeHeader,
  ENCRYPTED_FLAGS,
  generatePayload,
  HEADER_BYTES,
  type MutationBootloader,
  mutations,
  parseVersion,
} from "../../../image/index.ts";
import {
  FlashContent,
  imageBytesLimit,
  NRF5340_INTERNAL,
  runSteps,
  setPending,
  uploadOffset,
} from "../../../mcuboot/index.ts";
import { memoryLinks, Uart } from "../../../serial/index.ts";
import { TwinFlash, TwinMachine, TwinUart } from "../../../twin/index.ts";
import { checkRequest, parseScenario } from "../../index.ts";

const BOARDS = join(import.meta.dirname, "../../../../boards");
const BODY_BYTES = 5000;
/** Longest that a swap of these slots takes, and the application's start, in milliseconds of the board's time. */
const BOOT_MS = 60_000;

/** A board whose bootloader is asked, and what its images are like. */
export interface Combination {
  readonly board: string;
  readonly mode: NonNullable<MutationBootloader["mode"]>;
  readonly generation: string;
  readonly encrypt: boolean;
  readonly edits?: readonly (readonly [string, string])[];
}

export const COMBINATIONS: readonly Combination[] = [
  { board: "small/move", mode: "move", generation: "current", encrypt: true },
  { board: "small/move", mode: "move", generation: "current", encrypt: false },
  { board: "small/offset", mode: "offset", generation: "current", encrypt: true },
  { board: "small/scratch", mode: "scratch", generation: "current", encrypt: false },
  { board: "small/overwrite", mode: "overwrite", generation: "current", encrypt: true },
  { board: "small/move", mode: "move", generation: "2.1.0", encrypt: true },
  {
    board: "small/move",
    mode: "move",
    generation: "ncs-1.7",
    encrypt: false,
    edits: [["offset: 0x20000, bytes: 0x10000", "offset: 0x20000, bytes: 0xf000"]],
  },
];

/** One image that is asked about. */
export interface AdmissionCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the table of mutations says of it, where that is about this generation: installed, and it runs. */
  readonly good: boolean | undefined;
}

/** A board, its old image, and images that are good, wrong in one thing, or not for this board. */
export class AdmissionBench implements Disposable {
  readonly board: LoadedProfile;
  readonly combination: Combination;
  readonly #folder = mkdtempSync(join(tmpdir(), "hil-admission-"));
  readonly #old: Uint8Array;
  readonly #oldPlain: Uint8Array;

  constructor(combination: Combination) {
    this.combination = combination;
    const { board, generation, edits = [] } = combination;
    const file = join(BOARDS, `${board}.yaml`);
    const all = [["bootloader: {", `bootloader: { generation: "${generation}",`] as const, ...edits];
    const text = all.reduce((before, [from, to]) => before.replace(from, to), readFileSync(file, "utf8"));
    this.board = parseProfile(text, file);
    this.#old = this.#image({ version: "1.0.0" });
    this.#oldPlain = this.#image({ version: "1.0.0", clear: true });
    mkdirSync(join(this.#folder, "x"));
    writeFileSync(join(this.#folder, "old.bin"), this.#old);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  *cases(): Generator<AdmissionCase> {
    const { mode, generation } = this.combination;
    const { signing, encryption } = profileKeys(this.board);
    const key = encryption?.key;
    if (signing?.role !== "private" || key === undefined || key.role === "public")
      throw new RangeError("a board without keys");
    const limit = imageBytesLimit(bootloaderBuildOf(this.board), 0);
    const imageBytesMax = Number.isFinite(limit) ? { imageBytesMax: limit } : {};
    const base = this.#image({ version: "2.0.0" });
    for (const { name, bytes, outcome, runs } of mutations(
      base,
      { signing, decryptKey: key },
      { mode, tlvAllowList: true, ...imageBytesMax },
    )) {
      // Its header says that it is for another address: it runs all the same, and nobody should send it.
      const good = outcome === "accepted" && runs && name !== "wrong-slot-address";
      yield { name, bytes, good: generation === "current" ? good : undefined };
    }
    yield* this.#strangers();
  }

  /** Images that a bootloader takes, and a processor cannot run. */
  *#strangers(): Generator<AdmissionCase> {
    const own = this.#payload("2.0.0", 512);
    const elsewhere = own.slice();
    new DataView(elsewhere.buffer).setUint32(4, 0x0100_8c01, true);
    const bodies: readonly (readonly [string, Uint8Array])[] = [
      ["other core", elsewhere],
      ["garbage", Random.fromSeed("garbage").bytes(BODY_BYTES)],
      ["erased", new Uint8Array(BODY_BYTES).fill(0xff)],
      ["signed twice", this.#image({ version: "2.0.0" })],
      ["room for a header", Buffer.concat([new Uint8Array(512), own])],
      ["ELF", Buffer.concat([Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0), own])],
      ["HEX text", Buffer.from(":020000040001F9\n:100000000000012001030100AAAAAAAAAAAAAAAA00\n".repeat(20))],
    ];
    for (const [name, body] of bodies) yield { name, bytes: this.#image({ version: "2.0.0", body }), good: false };
    yield { name: "header of 32 bytes", bytes: this.#image({ version: "2.0.0", headerBytes: 32 }), good: false };
    yield { name: "short header", bytes: this.#image({ version: "2.0.0", headerBytes: 256 }), good: false };
  }

  /** True when `hil run` would go on with this image: before anything moves it asks exactly this. */
  async isAdmitted({ bytes }: AdmissionCase): Promise<boolean> {
    writeFileSync(join(this.#folder, "new.bin"), bytes);
    const header = bytes.length < HEADER_BYTES ? undefined : decodeHeader(bytes);
    const { major = 2, minor = 0, revision = 0, build = 0 } = header?.version ?? {};
    const isEncrypted = ((header?.flags ?? 0) & ENCRYPTED_FLAGS) !== 0;
    // The old image is as the new one, as a scenario has it.
    writeFileSync(
      join(this.#folder, "old.bin"),
      isEncrypted === this.combination.encrypt ? this.#old : this.#other(isEncrypted),
    );
    const text = `schema: 1
name: admission
images:
  old: { version: "1.0.0", payload: { image: old.bin } }
  new: { version: "${major}.${minor}.${revision}+${build}", payload: { image: new.bin } }
  encrypt: ${isEncrypted}
`;
    try {
      await checkRequest(parseScenario(text, join(this.#folder, "x.yaml")), this.board, { seed: 1 });
      return true;
    } catch (error) {
      if (isHilError(error) && error.kind === "configuration") return false;
      throw error;
    }
  }

  /**
   * True when a twin on which this image was uploaded and asked for runs it, in the board's own time; and, where the
   * mode swaps, the old one again after the next boot.
   */
  async runsOnTwin({ bytes }: AdmissionCase): Promise<boolean> {
    const build = bootloaderBuildOf(this.board);
    const [areas] = build.images;
    if (areas === undefined) throw new RangeError("a board without slots");
    if (uploadOffset(build) + bytes.length > areas.secondary.bytes) return false;
    const clock = new VirtualClock();
    const content = FlashContent.erased(0x10_0000, build.sectorBytes);
    content.load(areas.primary.offset, this.#oldPlain);
    content.load(areas.secondary.offset + uploadOffset(build), bytes);
    if (runSteps(setPending(content, build, 0, false), content) !== 0) return false;
    const flash = new TwinFlash({
      clock,
      random: Random.fromSeed(1),
      timing: NRF5340_INTERNAL,
      flashBytes: content.bytes,
      pageBytes: build.sectorBytes,
    });
    flash.program(0, content.read(0, content.bytes));
    const [host, device] = memoryLinks({ clock });
    const uart = Uart.open(host, { clock });
    const lines: string[] = [];
    uart.onLine((line) => lines.push(line.text));
    const { baudRate } = this.board.profile.ports.app;
    const twinUart = new TwinUart(device, { clock, baudRate });
    const smp = { bufferBytes: 1024, bufferCount: 4 };
    await using machine = new TwinMachine({ clock, flash, uart: twinUart, build, hooks: {}, smp });
    const boot = async () => {
      lines.length = 0;
      machine.powerOn();
      await sleep(clock, BOOT_MS);
      machine.powerOff();
      if (machine.broken !== undefined) throw machine.broken;
      // What the application calls itself: no old one says 2.
      return lines.find((line) => line.includes(" is up")) ?? "nothing";
    };
    const first = await boot();
    if (first === "nothing" || first.includes("1.0.0")) return false;
    return this.combination.mode === "overwrite" || (await boot()).includes("1.0.0");
  }

  #other(encrypt: boolean): Uint8Array {
    return this.#image({ version: "1.0.0", encrypt });
  }

  #payload(version: string, headerBytes: number): Uint8Array {
    return generatePayload({
      random: Random.fromSeed(`admission ${version}`),
      name: "admission",
      version,
      bodyAddress: this.board.profile.slots.primary.offset + headerBytes,
      bytes: BODY_BYTES,
    });
  }

  #image(wish: {
    readonly version: string;
    readonly clear?: boolean;
    readonly body?: Uint8Array;
    readonly headerBytes?: number;
    readonly encrypt?: boolean;
  }): Uint8Array {
    const { version, clear = false, headerBytes = 512, encrypt = this.combination.encrypt } = wish;
    // Linked for a header of 512 bytes, whatever it gets: that is the profile's.
    const crypto = imageCrypto(profileKeys(this.board), encrypt);
    return buildImage(wish.body ?? this.#payload(version, 512), {
      version: parseVersion(version),
      headerBytes,
      padHeader: true,
      ...crypto,
      ...(crypto.encryption === undefined ? {} : { encryption: { ...crypto.encryption, clear } }),
    }).image;
  }
}
