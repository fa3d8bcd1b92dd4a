import { dirname } from "node:path";
import { type Clock, Queue } from "../../core/index.ts";
import { aroundSwitch, openPower, type PortOpener, type PowerSwitch } from "../../power/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { SwitchSection } from "../profile/recovery-schema.ts";
import { portIdentity, portOf } from "./lease.ts";

/**
 * Serial relay cards that several boards of this process use, each a channel: the system gives a port to one owner
 * only, so all go through one open link. Commands take turns, and an answer goes to whoever has the turn.
 */
export class SharedCards {
  readonly #cards = new Map<string, Card>();

  /**
   * Opens a switch of a profile (default: the one in its supply), on a card that is open already where there is one.
   * @throws what `openPower` and the port throw.
   */
  async openSwitch(
    { profile, file }: Pick<LoadedProfile, "profile" | "file">,
    ports: PortOpener,
    clock: Clock,
    { driver, options }: SwitchSection = profile.power,
  ): Promise<PowerSwitch> {
    const bench = { clock, folder: dirname(file) };
    const port = portOf(options["port"]);
    if (port === undefined) return openPower({ driver, options }, { ...bench, links: ports });
    // Where the machine's ports are none of it, they are not asked: a simulated board's time goes by itself.
    const known = profile.provider === "hardware" ? undefined : [];
    // The file system answers when it likes, and the twin's time must not have gone on by then.
    const key = await clock.whileReal(() => portIdentity(port, file, known));
    const card = this.#cards.get(key) ?? new Card();
    this.#cards.set(key, card);
    const seat = new Seat(clock);
    const links: PortOpener = { open: (ref, line) => card.seated(seat, () => ports.open(ref, line)) };
    const power = await card.inTurn(seat, () => openPower({ driver, options }, { ...bench, links }));
    const read = power.read?.bind(power);
    return aroundSwitch(power, {
      set: (state, more) => card.inTurn(seat, () => power.set(state, more)),
      read: read && (() => card.inTurn(seat, read)),
    });
  }
}

/** One open port, and whose turn it is. */
class Card {
  #line: { readonly link: Link; readonly seats: Set<Seat> } | undefined;
  #active: Seat | undefined;
  #last: Promise<unknown> = Promise.resolve();

  inTurn<T>(seat: Seat, work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      this.#active = seat;
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async seated(seat: Seat, open: () => Promise<Link>): Promise<Link> {
    const line = this.#line ?? { link: await open(), seats: new Set<Seat>() };
    if (this.#line !== line) {
      this.#line = line;
      void this.#listen(line);
    }
    line.seats.add(seat);
    seat.take(line.link, async () => {
      line.seats.delete(seat);
      if (line.seats.size > 0) return;
      if (this.#line === line) this.#line = undefined;
      await line.link[Symbol.asyncDispose]();
    });
    return seat;
  }

  async #listen(line: { readonly link: Link; readonly seats: Set<Seat> }): Promise<void> {
    const end = (failure?: { readonly reason: unknown }) => {
      // Whoever opens it next gets a new link, whether or not everybody has let go of this one.
      if (this.#line === line) this.#line = undefined;
      for (const seat of line.seats) seat.end(failure);
    };
    try {
      for await (const chunk of line.link.chunks) this.#active?.hear(chunk);
      end();
    } catch (reason) {
      end({ reason });
    }
  }
}

/** One board's view of a card's line. */
class Seat implements Link {
  readonly #clock: Clock;
  readonly #heard = new Queue<Chunk>();
  #link: Link | undefined;
  #leave: () => Promise<void> = async () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get name(): string {
    return this.#link?.name ?? "relay card";
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#heard;
  }

  take(link: Link, leave: () => Promise<void>): void {
    this.#link = link;
    this.#leave = leave;
  }

  /** Boards have clocks of their own: the stamp is the hearer's. */
  hear({ bytes }: Chunk): void {
    this.#heard.push({ atUs: this.#clock.nowUs(), bytes });
  }

  end(failure?: { readonly reason: unknown }): void {
    this.#heard.end(failure);
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#link?.write(bytes, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heard.end();
    const leave = this.#leave;
    this.#leave = async () => {};
    await leave();
  }
}
