import type { Board, BootLine } from "../../board/index.ts";
import { isKind, messageOf, sleep, within } from "../../core/index.ts";
import { echo } from "../../smp/index.ts";
import type { BootEvidence, BootSeen } from "../record/facts.ts";
import { VoidError } from "./bench-watch.ts";
import { type MemoryOfBoot, rememberedChange } from "./boot-memory.ts";

/** How long one "are you there" may take while a board boots, in milliseconds. */
const KNOCK_MS = 400;
/** Longest wait for a line before the application is asked all the same, in milliseconds. */
const SIGN_MS = 1000;
/** So many starts of the bootloader after one reset, and no application, are a boot loop. */
const BOOTS_MAX = 4;
/** So many questions in a row without an answer, and not one byte meanwhile, are a board that was down. */
const SILENT_ASKS = 3;
/**
 * A board that shows nothing of its boots is believed to have reset after this time, in milliseconds: many times what
 * Zephyr waits before it resets (CONFIG_MCUMGR_GRP_OS_RESET_MS, 250 by default).
 */
const PATIENCE_MS = 10_000;

/** The bootloader's first line. */
const STARTING = "starting bootloader";
/** How often a board that is not to be asked is looked at, in milliseconds. */
const LOOK_MS = 50;
/** Lines after which it boots nothing more, or waits for somebody. */
const DEAD_ENDS: readonly string[] = ["no bootable image", "nsib empty", "panic", "abort", "serial recovery"];
/** A board that resets itself all the same does so within this time, in milliseconds. */
const DEAD_END_MS = 3000;
/**
 * Lines that only a boot prints. What the swap table says ("Swap type: …") is not among them: an application prints it
 * too when its own image list is asked for (bootutil_public.c is built into both).
 */
const BOOT_SIGNS: readonly string[] = [
  "banner",
  "sdk banner",
  "os banner",
  STARTING,
  "serial recovery",
  "starting swap",
  "chainload",
  "jumping",
  "no bootable image",
];

/** What a boot is expected from, at `sinceUs` on the bench's clock. */
export type BootStart = { readonly sinceUs: number } & (
  | { readonly kind: "asked" }
  /** Power was off, and came back: whatever answers has booted. */
  | { readonly kind: "power" }
  /** A command that was answered: the application answers, and logs, until the reset comes. */
  | {
      readonly kind: "reset";
      /** Boots of this board show in its log: without a line nothing is believed. */
      readonly talks: boolean;
      readonly memory: MemoryOfBoot;
    }
);

/** Whether a line is one that only a boot prints. */
export function isBootSign({ event = "" }: Pick<BootLine, "event">): boolean {
  return BOOT_SIGNS.includes(event);
}

/**
 * Waits until an application answers that was started after `start`. Nothing counts as the new boot until a boot is
 * seen: an application that was told to reset logs and answers on for a while. Does not throw when it never comes:
 * what a board that stays silent means is the caller's to judge.
 * @throws what the port throws when it is gone; the signal's reason.
 */
export async function watchBoot(
  board: Board,
  start: BootStart,
  limitMs: number,
  signal: AbortSignal,
): Promise<BootSeen> {
  const watch = new BootWatch(board, start);
  try {
    return await within(board.clock, limitMs, `${board.name} to boot`, (stop) => watch.run(stop), {
      signal,
      lastSeen: () => board.logs.app.lastSeen(),
    });
  } catch (error) {
    if (isKind(error, "timeout")) return watch.timedOut(messageOf(error));
    throw error;
  }
}

/** Asks the application for an echo, once. @throws TimeoutError; ProtocolError; the signal's reason. */
export async function alive(board: Board, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const { r } = await board.smp.session.request(echo, { d: "hil" }, { signal, timeoutMs: limitMs, retries: 0 });
  return r === "hil";
}

/** Lines after which a bootloader that waits for requests (`recovery: [wait]`) waits no more. */
const PAST_THE_WAIT: readonly string[] = ["jumping", "no bootable image", "serial recovery", "panic", "abort"];
/** A board that waits for requests and prints nothing for so much longer than that has no boot going on, in ms. */
const QUIET_MS = 2000;

class BootWatch {
  readonly #board: Board;
  readonly #start: BootStart;
  #evidence: BootEvidence | undefined;
  /** When the first of the questions in a row was asked that nobody answered, and how many there were. */
  #silent: { readonly sinceUs: number; readonly asks: number } | undefined;
  /** The application from before has answered, and no boot was seen. */
  #answeredBefore = 0;

  constructor(board: Board, start: BootStart) {
    this.#board = board;
    this.#start = start;
  }

  get #nowUs(): number {
    return this.#board.clock.nowUs();
  }

  async run(stop: AbortSignal): Promise<BootSeen> {
    const { kind, sinceUs } = this.#start;
    const mustSee = kind === "reset";
    for (let sinceSignUs = sinceUs; ; ) {
      if (mustSee && this.#evidence === undefined) {
        await this.#untilLine(sinceSignUs, isBootSign, stop);
        const sign = this.#signInLog();
        if (sign) {
          this.#evidence = { kind: "banner", text: sign.text };
          sinceSignUs = sign.atUs;
          continue;
        }
      } else await this.#untilLine(sinceSignUs, ({ event }) => event === undefined, stop);
      sinceSignUs = this.#nowUs;
      this.#board.check();
      const ended = this.#ended();
      if (ended) return ended;
      if (this.#mayWaitForRequests()) {
        await sleep(this.#board.clock, LOOK_MS, stop);
        continue;
      }
      if (!(await this.#knock(stop))) continue;
      if (await this.#isRecovery(stop)) return this.#recovery();
      if (!mustSee || (await this.#isNew(stop))) return this.#seen("up", "the application answered");
    }
  }

  /**
   * What a wait that took too long comes to.
   * @throws VoidError of a board that answers, and shows no boot: it did not reset, or what it printed was lost.
   */
  timedOut(text: string): BootSeen {
    if (this.#answeredBefore === 0) return this.#seen("no boot", this.#unreachable() ?? text);
    const { name, logs } = this.#board;
    const seconds = Math.round((this.#nowUs - this.#start.sinceUs) / 1_000_000);
    throw new VoidError(
      `${name} answered the reset command and answers on, and no boot was seen on ${logs.app.name} in ${seconds} s.`,
      "It did not reset, or what its bootloader and application print was lost: look at uart/app.rx of the run.",
    );
  }

  /** A board whose log says that its application runs, and that nobody finds in the air: a sentence for it. */
  #unreachable(): string | undefined {
    const { smp } = this.#board.profile.ports;
    if (smp === undefined || !("ble" in smp)) return undefined;
    const last = this.#lastOf([STARTING, "jumping", ...DEAD_ENDS]);
    if (last?.event !== "jumping") return undefined;
    const said = this.#board.logs.app.since(last.atUs).findLast(({ text }) => text !== "");
    if (said === undefined || said.text === last.text) return undefined;
    return `the board is up ("${said.text}") but not reachable over the air as "${smp.ble}": net core?`;
  }

  #seen(ending: BootSeen["ending"], because: string): BootSeen {
    const { kind, sinceUs } = this.#start;
    const lines = this.#board.logs.app.since(sinceUs);
    const boots = lines.filter((line) => line.event === STARTING).length;
    const sign = lines.find(isBootSign);
    const shown: BootEvidence | undefined = sign && { kind: "banner", text: sign.text };
    const byPower: BootEvidence = { kind: "power", text: "power was off, and came back" };
    const evidence = this.#evidence ?? (kind === "power" ? (shown ?? byPower) : shown);
    return { ending, lines, boots, upUs: ending === "up" ? this.#nowUs : undefined, because, evidence };
  }

  /** Whether the board has shown that it will not come up. */
  #ended(): BootSeen | undefined {
    const lines = this.#board.logs.app.knownSince(this.#start.sinceUs);
    const boots = lines.filter(({ event }) => event === STARTING).length;
    if (boots >= BOOTS_MAX) {
      const seen = this.#seen("boot loop", "");
      return { ...seen, because: `${seen.boots} boots seen, no application answered` };
    }
    const last = lines.findLast(({ event = "" }) => event === STARTING || DEAD_ENDS.includes(event));
    if (last === undefined || last.event === STARTING || this.#nowUs - last.atUs <= DEAD_END_MS * 1000)
      return undefined;
    // Recovery can end by itself, into an application that says so.
    const wentOn = lines.some(({ event, atUs }) => event === "jumping" && atUs > last.atUs);
    if (wentOn) return undefined;
    if (last.event === "serial recovery") return this.#recovery();
    return this.#seen("no boot", `the bootloader gave up: "${last.text}"`);
  }

  #recovery(): BootSeen {
    const line = this.#lastOf(["serial recovery"]);
    const said = line === undefined ? "" : ` ("${line.text}")`;
    const because = `the bootloader waits in serial recovery${said}: it takes uploads there, and starts no application`;
    return { ...this.#seen("no boot", because), recovery: true };
  }

  /** Who has just answered is serial recovery: by the log, or of a board that shows none of its boot, by asking. */
  async #isRecovery(stop: AbortSignal): Promise<boolean> {
    const last = this.#lastOf([STARTING, "serial recovery", "jumping"]);
    if (last !== undefined) return last.event === "serial recovery";
    const { bootloader } = this.#board.profile;
    if (this.#start.kind === "asked" || bootloader.recovery.length === 0) return false;
    return (await this.#board.smp.dialect({ signal: stop })) === "mcuboot recovery";
  }

  #lastOf(events: readonly string[]): BootLine | undefined {
    const lines = this.#board.logs.app.knownSince(this.#start.sinceUs);
    return lines.findLast(({ event = "" }) => events.includes(event));
  }

  /**
   * A bootloader that waits for requests takes any for a reason to stay, also one that came while it swapped: it is not
   * asked until its log says that it is past that, or nothing shows that it boots at all.
   */
  #mayWaitForRequests(): boolean {
    const { bootloader, timeoutsMs } = this.#board.profile;
    const { recovery, recoveryWaitMs } = bootloader;
    if (!recovery.includes("wait")) return false;
    const last = this.#lastOf([STARTING, ...PAST_THE_WAIT]);
    if (last !== undefined) return last.event === STARTING;
    const quietMs = this.#start.kind === "asked" ? QUIET_MS : timeoutsMs.boot;
    return this.#nowUs - this.#start.sinceUs < (recoveryWaitMs + quietMs) * 1000;
  }

  /** Waits for a line since `sinceUs` that `wanted` accepts, at most a second: some builds print nothing at all. */
  async #untilLine(sinceUs: number, wanted: (line: BootLine) => boolean, stop: AbortSignal): Promise<void> {
    const { app } = this.#board.logs;
    if (app.since(sinceUs).some(wanted)) return;
    stop.throwIfAborted();
    const { clock } = this.#board;
    await new Promise<void>((resolve) => {
      const over = () => {
        unheard();
        cancel();
        stop.removeEventListener("abort", over);
        resolve();
      };
      const unheard = app.onLine((line) => {
        if (wanted(line)) over();
      });
      const cancel = clock.at(clock.nowUs() + SIGN_MS * 1000, over);
      stop.addEventListener("abort", over, { once: true });
    });
    stop.throwIfAborted();
  }

  #signInLog(): BootLine | undefined {
    return this.#board.logs.app.knownSince(this.#start.sinceUs).find(isBootSign);
  }

  /** Whether the application that has just answered was started after the reset. */
  async #isNew(stop: AbortSignal): Promise<boolean> {
    if (this.#evidence !== undefined || this.#start.kind !== "reset") return true;
    const { memory, talks, sinceUs } = this.#start;
    this.#evidence = await rememberedChange(this.#board, memory, stop);
    const waitedUs = this.#nowUs - sinceUs;
    if (this.#evidence === undefined && !talks && waitedUs > PATIENCE_MS * 1000) {
      const text = `nothing shows a boot of this board; it answers ${Math.round(waitedUs / 1000)} ms after the reset`;
      this.#evidence = { kind: "time", text };
    }
    if (this.#evidence !== undefined) return true;
    this.#answeredBefore += 1;
    return false;
  }

  async #knock(stop: AbortSignal): Promise<boolean> {
    const askedUs = this.#nowUs;
    try {
      const answers = await alive(this.#board, KNOCK_MS, stop);
      this.#silent = undefined;
      return answers;
    } catch (error) {
      stop.throwIfAborted();
      if (!isKind(error, "timeout") && !isKind(error, "protocol")) throw error;
      this.#unanswered(askedUs);
      return false;
    }
  }

  /** A gap: a board that lives says something when it is asked, if only in damaged bytes. */
  #unanswered(askedUs: number): void {
    const before = this.#silent ?? { sinceUs: askedUs, asks: 0 };
    const heardUs = this.#board.logs.app.lastByteUs ?? -1;
    if (heardUs >= before.sinceUs) {
      this.#silent = undefined;
      return;
    }
    this.#silent = { ...before, asks: before.asks + 1 };
    if (this.#start.kind !== "reset" || this.#start.talks || this.#silent.asks < SILENT_ASKS) return;
    const ms = Math.round((this.#nowUs - before.sinceUs) / 1000);
    this.#evidence ??= { kind: "silence", text: `no byte and no answer for ${ms} ms` };
  }
}
