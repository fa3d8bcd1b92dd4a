import { BenchError, type Clock, type GapWatch, Queue, sleepUntil, VirtualClock } from "../../core/index.ts";
import { LCUS_BAUD_RATE } from "../../power/index.ts";
import { type Chunk, type Link, memoryLinks } from "../../serial/index.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { makeTwin } from "../providers/twin.ts";

/** What a bench does wrong. All of it is between the host and the board: the board itself is good. */
export interface Mischief {
  /** The board is another one than its profile says: this one's. */
  readonly really?: LoadedProfile;
  /** Bytes from the board on their way to the host; nothing: they are lost. */
  readonly fromBoard?: (bytes: Uint8Array, bench: BadBench) => Uint8Array | undefined;
  readonly toBoard?: (bytes: Uint8Array, bench: BadBench) => Uint8Array | undefined;
  /** A command to the relay; `forward` lets it through. */
  readonly toRelay?: (
    frame: Uint8Array,
    forward: (frame: Uint8Array) => Promise<void>,
    bench: BadBench,
  ) => Promise<void>;
}

/** A twin in process behind a bench that a test may spoil at any moment. */
export class BadBench {
  /** The host's clock: it can be stopped while the board goes on. */
  readonly clock: HostClock;
  readonly app: BentLink;
  readonly relay: BentLink;

  constructor(links: { readonly app: Link; readonly relay: Link }, clock: HostClock, mischief: Mischief) {
    const { fromBoard, toBoard, toRelay } = mischief;
    this.clock = clock;
    const pass = (bytes: Uint8Array) => bytes;
    const out = async (bytes: Uint8Array) => {
      const sent = toBoard ? toBoard(bytes, this) : bytes;
      if (sent) await links.app.write(sent);
    };
    const relayed = (frame: Uint8Array) => links.relay.write(frame);
    this.app = new BentLink(links.app, clock, (bytes) => (fromBoard ?? pass)(bytes, this), out);
    this.relay = new BentLink(links.relay, clock, pass, (frame) =>
      toRelay ? toRelay(frame, relayed, this) : relayed(frame),
    );
  }
}

/** Opens the twin of a profile behind such a bench: for `RunRequest.open`. */
export function badBench(mischief: Mischief, onOpen: (bench: BadBench) => void = () => undefined) {
  return async (loaded: LoadedProfile, { random, ...options }: OpenOptions): Promise<Board> => {
    const clock = options.clock instanceof HostClock ? options.clock : new HostClock(new VirtualClock());
    const { inner } = clock;
    const [appHost, app] = memoryLinks({ clock: inner, names: ["twin:app", "twin's UART"] });
    const names: [string, string] = ["twin:relay", "twin's relay"];
    const [relayHost, relay] = memoryLinks({ clock: inner, baudRate: LCUS_BAUD_RATE, names });
    const twin = makeTwin(mischief.really ?? loaded, { clock: inner, random, links: { app, relay } });
    const bench = new BadBench({ app: appHost, relay: relayHost }, clock, mischief);
    onOpen(bench);
    return assembleBoard(loaded, {
      clock,
      links: { open: async (port) => ("path" in port && port.path === "twin:relay" ? bench.relay : bench.app) },
      flasher: { programPrimary: async (image) => twin.programPrimary(image) },
      check: () => twin.check(),
      backend: twin,
    });
  };
}

/** The host's end of a line, with somebody in between. */
export class BentLink implements Link {
  readonly name: string;
  readonly #inner: Link;
  readonly #clock: HostClock;
  readonly #arrived = new Queue<Chunk>();
  readonly #out: (bytes: Uint8Array) => Promise<void>;
  #gone: BenchError | undefined;
  #lossUntilUs = 0;

  constructor(
    inner: Link,
    clock: HostClock,
    into: (bytes: Uint8Array) => Uint8Array | undefined,
    out: (bytes: Uint8Array) => Promise<void>,
  ) {
    this.name = inner.name;
    this.#inner = inner;
    this.#clock = clock;
    this.#out = out;
    void this.#pump(into);
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#gone) throw this.#gone;
    await this.#out(bytes);
  }

  /** The port goes away, as a pulled plug does. What was written is taken, and lost. */
  vanish(): void {
    this.#gone ??= new BenchError(`${this.name} vanished.`, "Check the cable.");
    this.#arrived.end({ reason: this.#gone });
  }

  /** What comes from the board is lost for so long, in milliseconds. */
  loseFor(ms: number): void {
    this.#lossUntilUs = this.#clock.nowUs() + ms * 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#arrived.end();
    await this.#inner[Symbol.asyncDispose]();
  }

  async #pump(into: (bytes: Uint8Array) => Uint8Array | undefined): Promise<void> {
    for await (const { bytes } of this.#inner.chunks) {
      await this.#clock.untilAwake();
      if (this.#clock.nowUs() < this.#lossUntilUs) continue;
      const got = into(bytes);
      if (got !== undefined && got.length > 0) this.#arrived.push({ atUs: this.#clock.nowUs(), bytes: got });
    }
  }
}

/** The clock of a host that can be stopped: its alarms come when it goes on, and the world has gone on meanwhile. */
export class HostClock implements Clock {
  readonly kind = "virtual";
  readonly inner: VirtualClock;
  readonly gaps: GapWatch;
  readonly #stops: { readonly atUs: number; readonly us: number }[] = [];
  #awakeAtUs = 0;
  #sleptUs = 0;

  constructor(inner: VirtualClock) {
    this.inner = inner;
    this.gaps = {
      attend: () => () => undefined,
      longestUs: (sinceUs) =>
        this.#stops.reduce((longest, { atUs, us }) => (atUs >= sinceUs ? Math.max(longest, us) : longest), 0),
    };
  }

  /**
   * Nothing of the host runs for so long, in milliseconds.
   * @param how stopped: its clock goes on, as with SIGSTOP. asleep: it stands still, as Linux's does in suspend.
   */
  suspend(forMs: number, how: "stopped" | "asleep"): void {
    const us = Math.round(forMs * 1000);
    this.#awakeAtUs = this.inner.nowUs() + us;
    if (how === "asleep") this.#sleptUs += us;
    this.#stops.push({ atUs: this.#awakeAtUs - this.#sleptUs, us });
  }

  nowUs(): number {
    return Math.max(this.inner.nowUs(), this.#awakeAtUs) - this.#sleptUs;
  }

  at(dueUs: number, wake: () => void): () => void {
    let cancel: () => void = () => undefined;
    const arm = () => {
      const innerUs = Math.max(dueUs + this.#sleptUs, this.#awakeAtUs);
      cancel = this.inner.at(innerUs, () => {
        if (this.inner.nowUs() < this.#awakeAtUs || this.nowUs() < dueUs) arm();
        else wake();
      });
    };
    arm();
    return () => cancel();
  }

  whileReal<T>(work: () => Promise<T>): Promise<T> {
    return this.inner.whileReal(work);
  }

  async untilAwake(): Promise<void> {
    while (this.inner.nowUs() < this.#awakeAtUs) await sleepUntil(this.inner, this.#awakeAtUs);
  }
}
