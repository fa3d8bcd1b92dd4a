import { Random } from "../../core/index.ts";
import { buildImage, generateKey, loadPrivateKey, parseVersion, TLV } from "../../image/index.ts";
import { setPending } from "../boot/app-api.ts";
import { boot } from "../boot/boot.ts";
import { type BootOutcome, outcomeOf, runSteps } from "../boot/run-boot.ts";
import { type BootloaderBuild, bootloaderBuild } from "../builds/build.ts";
import { GENERATIONS, generation } from "../builds/generations.ts";
import { FlashContent } from "../flash/flash-content.ts";
import type { Torn } from "../flash/flash-rules.ts";
import { isOperation } from "../steps/steps.ts";

const SECTOR_BYTES = 4096;
/** What the images of small boards are signed with. */
export const signing = loadPrivateKey(generateKey("ecdsa-p256"), { what: "test signing key" });
const encryption = loadPrivateKey(generateKey("ecdsa-p256"), { what: "test encryption key" });
const payloads = Random.fromSeed("small board");

export interface SmallBoardOptions extends Partial<Omit<BootloaderBuild, "generation">> {
  readonly generation?: string;
  /** Images for the secondary slot are encrypted, and the bootloader can decrypt. */
  readonly encrypted?: boolean;
  /** Sectors of each slot; default: 16. */
  readonly slotSectors?: number;
  /** Bytes of the old and the new body; default: 20,000 and 30,000. */
  readonly bodyBytes?: readonly [number, number];
}

/** A bootloader for a flash of two (and a scratch) small slots, with keys made for this test run. */
export function smallBuild(options: SmallBoardOptions = {}): BootloaderBuild {
  const { generation: name = "current", encrypted = true, slotSectors = 16, bodyBytes: _, ...rest } = options;
  const bytes = slotSectors * SECTOR_BYTES;
  return bootloaderBuild({
    generation: generation(name),
    mode: "move",
    images: [{ primary: { offset: 0, bytes }, secondary: { offset: bytes, bytes } }],
    ...(rest.mode === "scratch" ? { scratch: { offset: 2 * bytes, bytes: SECTOR_BYTES } } : {}),
    signature: { key: signing, hash: "sha256" },
    ...(encrypted ? { encryption: { key: encryption, tlvType: TLV.ENCEC256, aesKeyBytes: 16, saveTlv: false } } : {}),
    ...rest,
  });
}

/** An image as it is delivered, and as it runs. */
export function smallImage(
  version: string,
  bodyBytes: number,
  encrypted = true,
  dependencies: readonly { readonly image: number; readonly version: string }[] = [],
): { file: Uint8Array; plain: Uint8Array } {
  const payload = payloads.fork(version).bytes(bodyBytes);
  // A vector table that a processor can start from: stack at the end of RAM, reset vector in the primary slot at 0.
  const table = new DataView(payload.buffer, payload.byteOffset);
  if (bodyBytes >= 8) {
    table.setUint32(0, 0x2008_0000, true);
    table.setUint32(4, 0x301, true);
  }
  const options = {
    version: parseVersion(version),
    headerBytes: 512,
    padHeader: true,
    signer: { kind: "key", key: signing },
    dependencies: dependencies.map((row) => ({ image: row.image, version: parseVersion(row.version) })),
  } as const;
  if (!encrypted) {
    const { image } = buildImage(payload, options);
    return { file: image, plain: image };
  }
  return {
    file: buildImage(payload, { ...options, encryption: { key: encryption } }).image,
    plain: buildImage(payload, { ...options, encryption: { key: encryption, clear: true } }).image,
  };
}

export interface SmallBoard {
  readonly build: BootloaderBuild;
  /** 1.0.0 in the primary slot, 2.0.0 in the secondary, nothing asked for. */
  readonly flash: FlashContent;
}

/** A board that runs 1.0.0 (six sectors) and holds 2.0.0 (eight sectors) in its secondary slot. */
export function smallBoard(options: SmallBoardOptions = {}): SmallBoard {
  const build = smallBuild(options);
  const [areas] = build.images;
  if (areas === undefined) throw new Error("a build without images");
  const end = Math.max(
    ...[areas.primary, areas.secondary, build.scratch].map((area) => (area?.offset ?? 0) + (area?.bytes ?? 0)),
  );
  const flash = FlashContent.erased(end, SECTOR_BYTES);
  const { encrypted = true, bodyBytes = [20_000, 30_000] } = options;
  flash.load(areas.primary.offset, smallImage("1.0.0", bodyBytes[0], encrypted).plain);
  const start = build.mode === "offset" ? SECTOR_BYTES : 0;
  flash.load(areas.secondary.offset + start, smallImage("2.0.0", bodyBytes[1], encrypted).file);
  return { build, flash };
}

/** A small board on which the application has asked for the image in the secondary slot. */
export function requestedBoard(options: SmallBoardOptions = {}, permanent = false): SmallBoard {
  const board = smallBoard(options);
  runSteps(setPending(board.flash, board.build, 0, permanent), board.flash);
  return board;
}

/** The same board after one undisturbed boot. */
export function afterBoot(board: SmallBoard): SmallBoard {
  return { ...board, flash: outcomeOf(board.flash, board.build).flash };
}

/** "26 + 124": erases and writes of the next boot. */
export function counted({ build, flash }: SmallBoard): string {
  const after = flash.snapshot();
  let [erases, writes] = [0, 0];
  runSteps(boot(after, build), after, (step) => {
    if (step.kind === "erase") erases += 1;
    if (step.kind === "write") writes += 1;
  });
  return `${erases} + ${writes}`;
}

/** The flash when power went before operation number `cut` of the next boot, or inside it. */
export function cutAt({ build, flash }: SmallBoard, cut: number, torn?: Torn): FlashContent {
  const after = flash.snapshot();
  let done = 0;
  for (const step of boot(after, build)) {
    if (!isOperation(step)) continue;
    if (done === cut) {
      if (torn !== undefined) after.apply(step, torn);
      break;
    }
    after.apply(step);
    done += 1;
  }
  return after;
}

/** "2.0.0 active, 1.0.0 confirmed": the image list of the next boot, after how it ended. */
export function shown({ result, images }: BootOutcome): string {
  const entries = images.map((entry) =>
    [entry.version, ...(["active", "confirmed"] as const).filter((flag) => entry[flag])].join(" "),
  );
  return `${result.kind}: ${entries.join(", ")}`;
}

/** What each generation does, oldest first, as "ncs-1.7 to ncs-2.3: 1": neighbours of one answer are one line. */
export function eachGeneration(answer: (name: string) => string | number): string[] {
  const runs: { from: string; to: string; text: string }[] = [];
  for (const { name } of GENERATIONS) {
    const text = `${answer(name)}`;
    const last = runs.at(-1);
    if (last?.text === text) last.to = name;
    else runs.push({ from: name, to: name, text });
  }
  return runs.map(({ from, to, text }) => `${from === to ? from : `${from} to ${to}`}: ${text}`);
}
