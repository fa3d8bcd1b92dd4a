import {
  type Board,
  bootloaderBuildOf,
  DEFAULT_BOARD,
  imageRandomness,
  type LoadedProfile,
  loadAddressOf,
  loadProfile,
  openBoard,
  type ProfileKeys,
  profileKeys,
  requireFit,
} from "../board/index.ts";
import {
  activeSlot,
  type BootSeen,
  bootMsOf,
  type CampaignImage,
  type CutMade,
  cutPower,
  imageOf,
  RecordedBoard,
  type RunEvent,
  requireEncryptionPolicy,
  type SlotState,
  slotsOfImage,
  wakeUp,
} from "../campaign/index.ts";
import { BenchError, Cleanup, defined, Random, RealClock, UsageError } from "../core/index.ts";
import { type AnyKey, generatePayload, type PrivateKey } from "../image/index.ts";
import { fileScope } from "./at-end.ts";
import { whenFree } from "./when-free.ts";

/** Environment variable that names the board profile of a suite; the twin without it. */
export const BOARD_VARIABLE = "HIL_BOARD";

/** How a suite wants an image; what it leaves out comes from the board's profile. */
export interface ImageWish {
  readonly version: string;
  /** Firmware to sign; default: a payload made from the seed. */
  readonly payload?: Uint8Array;
  /** Length of the generated payload, in bytes; default 20,000. */
  readonly bytes?: number;
  readonly encrypt?: boolean;
  /** Other keys than the profile's, for negative tests. */
  readonly signing?: PrivateKey;
  readonly encryption?: AnyKey;
}

export interface BenchOptions {
  /** Board profile; default: HIL_BOARD, else the twin. */
  readonly board?: string;
  readonly seed?: number;
  /** How long a board that somebody else uses is waited for, in milliseconds; default ten minutes. */
  readonly waitMs?: number;
  /** Takes a line that says who holds the board while `bench()` waits; default: a warning of the process. */
  readonly say?: (line: string) => void;
}

const WAIT_MS = 600_000;
const { scope, isBound } = fileScope();
const warn = (line: string) => process.emitWarning(line, "mcuboot-hil");

/**
 * A board for a Jest suite: the twin, or the one that HIL_BOARD names; no test asks which. Power is on when it is
 * handed out, and when it is closed; off then where the profile says `leave: off`.
 */
export class Bench implements AsyncDisposable {
  readonly board: Board;
  /** Everything that happened, for a test that failed. */
  readonly events: RunEvent[] = [];
  readonly #recorded: RecordedBoard;
  readonly #loaded: LoadedProfile;
  readonly #keys: ProfileKeys;
  readonly #random: Random;
  readonly #closing: Cleanup;
  readonly #bootMs: number;
  readonly #stop = new AbortController();
  #drawn = 0;
  #closed: Promise<void> | undefined;

  constructor(board: Board, loaded: LoadedProfile, random: Random, closing: Cleanup) {
    this.board = board;
    this.#loaded = loaded;
    this.#keys = profileKeys(loaded);
    this.#random = random;
    this.#closing = closing;
    const stop = AbortSignal.any([this.#stop.signal, scope.signal]);
    this.#bootMs = bootMsOf(board.profile);
    this.#recorded = new RecordedBoard(board, { event: (event) => this.events.push(event) }, stop);
  }

  /** An image for this board, signed and (unless told otherwise) encrypted with the profile's keys. */
  image(wish: ImageWish): CampaignImage {
    const { images, slots, bootloader } = this.board.profile;
    const random = this.#random.fork(`image ${this.#drawn++}`);
    const payload =
      wish.payload ??
      generatePayload({
        random,
        name: "test",
        version: wish.version,
        bodyAddress: slots.primary.offset + images.headerBytes,
        bytes: wish.bytes ?? 20_000,
      });
    const isGenerated = [wish.payload, wish.signing, wish.encryption].every((given) => given === undefined);
    const { encryption } = this.#keys;
    const keys: ProfileKeys = {
      ...this.#keys,
      ...(wish.signing && { signing: wish.signing }),
      ...(wish.encryption && {
        encryption: { ...(encryption ?? { keyBits: 128, hmac: "sha256" }), key: wish.encryption },
      }),
    };
    return imageOf(payload, "new", wish.version, {
      keys,
      encrypt: wish.encrypt ?? true,
      headerBytes: images.headerBytes,
      slotBytes: slots.primary.bytes,
      writeBytes: bootloader.writeBytes,
      ...defined({ romFixed: loadAddressOf(this.#loaded, payload) }),
      randomness: imageRandomness(this.#loaded, { clock: this.board.clock, random, isGenerated }),
    });
  }

  /**
   * Makes this image run, confirmed, with nothing pending: by the flasher where there is one, else by an upgrade.
   * @throws BenchError when another image runs then, or none.
   */
  async start(image: CampaignImage): Promise<void> {
    const slots = await this.slots();
    const running = activeSlot(slots);
    const pending = slotsOfImage(slots).some((slot) => slot.flags.includes("pending"));
    if (running?.hash === image.hash && running.flags.includes("confirmed") && !pending) return;
    const { flasher } = this.board;
    if (flasher) {
      await flasher.programPrimary(image.plain);
      this.#started("flashed");
      await this.#mustRun(image, await this.powerCycle());
      return;
    }
    if (!running?.flags.includes("confirmed")) await this.confirm();
    await this.upload(image);
    await this.requestTest(image);
    await this.#mustRun(image, await this.reset());
    await this.confirm();
    this.#started("uploaded");
  }

  #started(how: "flashed" | "uploaded"): void {
    this.events.push({ atUs: this.#recorded.nowUs, event: "baseline", how });
  }

  async #mustRun(image: CampaignImage, seen: BootSeen): Promise<void> {
    const running = seen.ending === "up" ? activeSlot(await this.slots()) : undefined;
    if (running?.hash === image.hash) return;
    const found = running === undefined ? seen.because : `${running.version} runs`;
    throw new BenchError(
      `${this.board.name} did not take image ${image.version}: ${found}.`,
      "A bootloader refuses images signed or encrypted for other keys than its own.",
    );
  }

  /** @throws ConfigurationError when the profile forbids such an image; SmpRefused when the board does. */
  upload(image: CampaignImage): Promise<void> {
    return this.#recorded.upload(image);
  }

  /** What the profile demands of an image, checked without a board. @throws ConfigurationError */
  requireAllowed(image: CampaignImage): void {
    requireEncryptionPolicy(image.file, image.version, this.board.profile);
  }

  requestTest(image: CampaignImage): Promise<void> {
    return this.#recorded.requestTest(image);
  }

  /** Confirms what runs. */
  async confirm(): Promise<void> {
    const running = activeSlot(await this.#recorded.imageState());
    await this.#recorded.confirm({ version: running?.version ?? "" });
  }

  /** Resets by command and waits for the application. */
  async reset(): Promise<BootSeen> {
    return this.#recorded.untilUp(await this.#recorded.reset(), this.#bootMs);
  }

  /** Resets by command and cuts power `afterMs` milliseconds after the answer; power comes back, then it waits. */
  async resetAndCut(afterMs: number): Promise<CutMade> {
    const answeredUs = await this.#recorded.reset();
    const planned = { index: 1, kind: "time", afterResetUs: Math.round(afterMs * 1000) } as const;
    return cutPower(this.#recorded, planned, answeredUs, { bootMs: this.#bootMs, bootloaderTalks: true });
  }

  /**
   * Resets by command and cuts power when the log matches, `delayMs` milliseconds later.
   * @throws UsageError for a pattern with flags: a record keeps the pattern alone.
   */
  async resetAndCutOn(pattern: RegExp, delayMs = 0): Promise<CutMade> {
    if (pattern.flags !== "") {
      throw new UsageError(`${String(pattern)} has flags, which a cut does not keep.`, "Write [Ss] for either letter.");
    }
    const answeredUs = await this.#recorded.reset();
    const delayUs = Math.round(delayMs * 1000);
    const planned = { index: 1, kind: "log", pattern: pattern.source, delayUs } as const;
    return cutPower(this.#recorded, planned, answeredUs, { bootMs: this.#bootMs, bootloaderTalks: true });
  }

  /** Power off, the profile's off time, power on, and up again. */
  async powerCycle(): Promise<BootSeen> {
    return this.#recorded.cycle(this.#bootMs);
  }

  /** The image list. */
  slots(): Promise<readonly SlotState[]> {
    return this.#recorded.imageState();
  }

  /** Power on, and an application that answers. @throws BenchError when none does. */
  async wake(): Promise<void> {
    await wakeUp(this.#recorded, this.#bootMs);
  }

  /** Power on, ports closed, the board free for others; what a test still does with it ends. May be called again. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#stop.abort(new BenchError(`the bench of ${this.board.name} is closed.`, "Open one with bench()."));
      scope.closed(this);
      scope.faults.closed(this.#loaded, this.board.idleFaults?.() ?? []);
      await this.#closing[Symbol.asyncDispose]();
      this.board.check();
    })();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens the bench of a suite: `await using bed = await bench();` A board that another test file, process or person
 * uses is waited for. The end of the test file closes what is open then, whatever became of the tests.
 * @throws BenchError when the board stays in use, cannot be opened or does not answer, and it is closed again with
 *   power on; ConfigurationError when its profile is wrong.
 */
export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const reference = options.board ?? process.env[BOARD_VARIABLE] ?? DEFAULT_BOARD;
  const loaded = await loadProfile(reference, { cwd: process.cwd() });
  bootloaderBuildOf(loaded);
  requireFit(loaded);
  const { waitMs = WAIT_MS, say = warn } = options;
  if (!isBound) say(LATE);
  const { signal } = scope;
  const isOwn = () => openHere.has(loaded.file);
  const waiting = { waitMs, say, signal, isOwn, clock: new RealClock() };
  return scope.opening(async () => {
    const random = Random.fromSeed(options.seed ?? 1);
    const closing = new Cleanup();
    const open = () => openBoard(loaded, { random: random.fork("bench"), signal });
    const board = closing.use("board", await whenFree(loaded.profile.name, open, waiting));
    openHere.add(loaded.file);
    closing.add("here", () => openHere.delete(loaded.file));
    closing.add("power", () => board.power.set(loaded.profile.power.leave));
    try {
      const bed = new Bench(board, loaded, random.fork("suite"), closing);
      await bed.wake();
      return bed;
    } catch (error) {
      await closing[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  });
}

/** Profiles that this test file has open. */
const openHere = new Set<string>();
const LATE =
  "mcuboot-hil/jest was imported when tests ran already, and cannot close what they leave open: name it in " +
  "setupFilesAfterEnv, or import it at the top of the file.";
