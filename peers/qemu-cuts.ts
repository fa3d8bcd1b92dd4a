import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FlashProgress, flashTimingOf, type LoadedProfile, loadProfile } from "../src/board/index.ts";
import { qemuMachine } from "../src/board/profile/qemu-schema.ts";
import { EmulatedBoard } from "../src/board/qemu/emulated-board.ts";
import { factoryFlash } from "../src/board/qemu/firmware.ts";
import { locateCuts } from "../src/campaign/cuts/locate-cuts.ts";
import { buildMaterial, type CampaignImages, type ExpectedFlash, loadScenario } from "../src/campaign/index.ts";
import type { BootSeen, SlotState } from "../src/campaign/record/facts.ts";
import { asFlash, progressBefore } from "../src/campaign/verdict/real-flash.ts";
import { flagsOf } from "../src/campaign/verdict/slots.ts";
import { weigh } from "../src/campaign/verdict/weigh.ts";
import { Cleanup, hex, isKind, Random, RealClock, within } from "../src/core/index.ts";
import {
  type FlashContent,
  type FlashOperation,
  recogniseBootLine,
  type TimedOperation,
  timeline,
  uploadOffset,
} from "../src/mcuboot/index.ts";
import { Uart } from "../src/serial/index.ts";
import { SmpClient } from "../src/smp/index.ts";

/** Where reports go that are kept of a run of CI. */
export const ARTEFACTS = join(process.env["HIL_ARTEFACTS"] ?? ".cache/artefacts", "qemu");

const clock = new RealClock();
const BOOT_MS = 60_000;
/** The application's first line of its own. */
const APPLICATION = /build time/;

/** A board that lost power: what its flash held. */
export interface CutBoard {
  readonly operation: TimedOperation | undefined;
  readonly words: number;
  readonly flash: Uint8Array;
}

/** What real MCUboot made of a cut, and what the judge says of it. */
export interface CutResult {
  readonly direction: string;
  readonly operation: number | undefined;
  readonly place: string;
  readonly words: number;
  readonly pass: boolean;
  readonly ending: string;
  readonly found: string;
  readonly because: string;
  readonly knownDefect: string | undefined;
  readonly boot: readonly string[];
  readonly after: Uint8Array;
}

/** One boot of an emulated board, and all that it showed. */
interface Booted {
  readonly seen: BootSeen;
  readonly slots: readonly SlotState[];
  readonly flash: Uint8Array;
}

/** Real MCUboot on emulated boards, from flash contents: no upload, no waiting. */
export class QemuCuts {
  readonly images: CampaignImages;
  readonly expected: ExpectedFlash;
  readonly #profile: LoadedProfile;
  readonly #factory: Uint8Array;

  private constructor(profile: LoadedProfile, images: CampaignImages, expected: ExpectedFlash) {
    this.#profile = profile;
    this.images = images;
    this.expected = expected;
    this.#factory = factoryFlash(profile, {
      ...this.#machine,
      field: ["qemu", "image"],
      images: [profile.profile.qemu?.image ?? ""],
    });
    expected.place(images.old, images.new);
    expected.requestTest();
  }

  static async of(scenarioName: string): Promise<QemuCuts> {
    const profile = await loadProfile("qemu-microbit", { cwd: "." });
    const scenario = await loadScenario(scenarioName, ".");
    const { images, expected } = await buildMaterial({ scenario, board: profile }, { clock }, Random.fromSeed(1));
    return new QemuCuts(profile, images, expected);
  }

  get #machine() {
    return qemuMachine(this.#profile.profile.qemu?.machine ?? "microbit");
  }

  /** The whole flash of a board that runs the old image and was asked for this file. */
  asked(file: Uint8Array): Uint8Array {
    const { build } = this.expected;
    const { secondary } = build.images[0] ?? {};
    if (secondary === undefined) throw new RangeError("a board without slots");
    this.expected.place(this.images.old);
    this.expected.flash.load(secondary.offset + uploadOffset(build), file);
    this.expected.requestTest();
    return this.#whole(this.expected.flash);
  }

  /** The whole flash of a board whose slots are as the model's. */
  #whole(model: FlashContent): Uint8Array {
    const whole = this.#factory.slice();
    for (const { primary, secondary } of this.expected.build.images) {
      for (const { offset, bytes } of [primary, secondary]) whole.set(model.read(offset, bytes), offset);
    }
    return whole;
  }

  #board(flash: Uint8Array): EmulatedBoard {
    const program = this.#profile.profile.qemu?.program ?? "";
    return new EmulatedBoard({ machine: this.#machine, flash, program, clock });
  }

  /** The boot that now comes, operation by operation. */
  plan() {
    return timeline(this.expected.flash, this.expected.build, flashTimingOf(this.#profile.profile));
  }

  /** Boots, with a stop at each of these operations (6.5: in the middle of number 6); the last cut is after all. */
  async cutAt(operations: readonly number[]): Promise<readonly CutBoard[]> {
    const plan = this.plan();
    const sorted = operations.toSorted((a, b) => a - b);
    const places = sorted.flatMap((at): [number, FlashProgress][] => {
      const progress = progressBefore(this.expected.flash, this.expected, at);
      return progress === undefined ? [] : [[at, progress]];
    });
    await using board = this.#board(this.#whole(this.expected.flash));
    const cuts: CutBoard[] = [];
    const stop = new AbortController();
    const stops = board.places(
      places.map(([, progress]) => progress),
      stop.signal,
    );
    await within(clock, BOOT_MS * 5, "the boot to come to all places", async () => {
      for await (const flash of stops) {
        const [at, progress] = places[cuts.length] ?? [0, { words: "all" as const }];
        const words = progress.words === "all" ? 0 : Math.round((at % 1) * 256);
        cuts.push({ operation: plan.operations[Math.floor(at)], words, flash });
      }
    });
    return cuts;
  }

  /** A board that loses power once the boot has written all that it has to write. */
  async cutAfterAll(): Promise<CutBoard> {
    const { flash } = await this.boot(this.#whole(this.expected.flash));
    return { operation: undefined, words: 0, flash };
  }

  /** A boot from a flash content, until the application answers. */
  async boot(flash: Uint8Array): Promise<Booted> {
    await using board = this.#board(flash);
    const closing = new Cleanup();
    const uart = closing.use("uart", Uart.open(board.uart, { clock }));
    const smp = closing.use("smp", SmpClient.onUart(uart, { clock, timeoutMs: 1_500 }));
    try {
      const lines: BootSeen["lines"][number][] = [];
      const up = new Promise<void>((resolve) => {
        uart.onLine((line) => {
          const known = recogniseBootLine(line.text);
          lines.push({ ...line, event: known?.event, fields: known?.fields ?? {} });
          if (APPLICATION.test(line.text)) resolve();
        });
      });
      await board.set("on");
      await within(clock, BOOT_MS, "the application", () => up, { lastSeen: () => lines.at(-1)?.text ?? "nothing" });
      const { images } = await smp.imageState();
      const slots = images.map((entry) => ({
        image: entry.image,
        slot: entry.slot,
        version: entry.version,
        hash: entry.hash && hex(entry.hash),
        flags: flagsOf(entry),
      }));
      const seen: BootSeen = {
        ending: "up",
        lines,
        boots: 1,
        upUs: clock.nowUs(),
        because: "the application answered",
      };
      return { seen, slots, flash: await board.readFlash() };
    } catch (error) {
      if (!isKind(error, "timeout")) throw error;
      const seen: BootSeen = { ending: "no boot", lines: [], boots: 1, upUs: undefined, because: error.message };
      return { seen, slots: [], flash: await board.readFlash() };
    } finally {
      await closing[Symbol.asyncDispose]();
    }
  }

  /** Boots a board that lost power, and asks the judge. */
  async judge(direction: string, cut: CutBoard): Promise<CutResult> {
    const { expected } = this;
    const known = locateCuts(expected, this.plan(), [
      { left: cut.flash, offSentUs: 0, cutUs: 0, lastByteUs: undefined, intoSwapUs: undefined },
    ]);
    const allowed = known?.allowed ?? [];
    const { seen, slots, flash } = await this.boot(cut.flash);
    const fault = known?.fault;
    const { pass, ending, found, because, outcome } = weigh(
      { seen, slots, encrypted: false, flash: { content: asFlash(expected, flash), build: expected.build } },
      {
        outcomes: allowed,
        fault: fault === undefined ? undefined : () => ({ ending: "wrong slots", because: fault }),
      },
    );
    return {
      direction,
      operation: cut.operation?.index,
      place: cut.operation?.description ?? "after the last write",
      words: cut.words,
      pass,
      ending,
      found,
      because,
      knownDefect: outcome?.knownDefect,
      boot: seen.lines.map(({ text }) => text),
      after: flash,
    };
  }

  /**
   * Stops before every erase and every word of the boot, and compares the flash there.
   * @param expected names of the contents; without it, the model's
   */
  async everyChange(
    expected: readonly string[] = this.#contents(),
  ): Promise<{ readonly stops: number; readonly wrong: number }> {
    const over = new AbortController();
    await using board = this.#board(this.#whole(this.expected.flash));
    await using uart = Uart.open(board.uart, { clock });
    uart.onLine(({ text }) => {
      if (APPLICATION.test(text)) over.abort();
    });
    let [stops, wrong] = [0, 0];
    for await (const content of board.changes("any", over.signal)) {
      if (asFlash(this.expected, content).identity() !== expected[stops]) wrong += 1;
      stops += 1;
    }
    return { stops, wrong: wrong + Math.abs(expected.length - stops) };
  }

  /** Names of the model's contents before every erase and every word of the boot. */
  #contents(): readonly string[] {
    return this.contentsBefore(this.everyOperation());
  }

  /** Names of the contents before each of these operations, from what the flash holds when power comes. */
  contentsBefore(operations: readonly FlashOperation[]): readonly string[] {
    const flash = this.expected.flash.snapshot();
    return operations.map((part) => {
      const name = flash.identity();
      flash.apply(part);
      return name;
    });
  }

  /** The erases and single words of the boot that now comes, as the model makes them. */
  everyOperation(): readonly FlashOperation[] {
    const { wordBytes } = flashTimingOf(this.#profile.profile);
    return this.plan().operations.flatMap(({ operation }): readonly FlashOperation[] =>
      operation.kind === "erase"
        ? [operation]
        : Array.from({ length: operation.data.length / wordBytes }, (_, word) => ({
            kind: "write",
            offset: operation.offset + word * wordBytes,
            data: operation.data.subarray(word * wordBytes, (word + 1) * wordBytes),
          })),
    );
  }

  /** The whole flash of the board whose boot now comes. */
  atPower(): Uint8Array {
    return this.#whole(this.expected.flash);
  }

  /** From now on the boot that is cut is the one after: of an image that nobody confirmed, its revert. */
  goOn(): void {
    this.expected.adopt(this.plan());
  }
}

/** The judge's word on many cut boards, two at a time. */
export async function judgeAll(bench: QemuCuts, direction: string, cuts: readonly CutBoard[]): Promise<CutResult[]> {
  const results: CutResult[] = [];
  const waiting = [...cuts.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [order, cut] = next;
      results[order] = await bench.judge(direction, cut);
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

/** `count` operations spread evenly over a boot, every other write in its middle; the last place is after all of them. */
export function spread(operations: readonly TimedOperation[], count: number): readonly number[] {
  return Array.from({ length: count }, (_, order) => {
    const at = Math.floor((order * (operations.length - 1)) / (count - 1));
    const operation = operations[at]?.operation;
    const isLong = operation?.kind === "write" && operation.data.length > 64;
    return isLong && order % 2 === 1 ? at + 8 / 256 : at;
  });
}

/** Writes a report that CI keeps: all as JSON, and a line a cut for people. */
export function keepReport(name: string, results: readonly CutResult[]): string {
  mkdirSync(ARTEFACTS, { recursive: true });
  const rows = results.map((row) => ({ ...row, after: undefined }));
  writeFileSync(join(ARTEFACTS, `${name}.json`), `${JSON.stringify(rows, undefined, 1)}\n`);
  const lines = rows.map(
    (row) =>
      `${row.pass ? "pass" : "FAIL"} ${row.direction} ${row.operation ?? "-"} ${row.place}: ${row.ending}; ${row.found}`,
  );
  const passed = rows.filter((row) => row.pass).length;
  const summary = `${passed} of ${rows.length} as MCUboot allows`;
  writeFileSync(join(ARTEFACTS, `${name}.txt`), `${[...lines, summary].join("\n")}\n`);
  return summary;
}
