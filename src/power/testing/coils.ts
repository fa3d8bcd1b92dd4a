import { suppliedBy } from "../driver/switch.ts";
import type { Contact, PowerState } from "../index.ts";

/** What an ill switch does; "works" is a well one. Same words as the columns of the bench matrix. */
export type Fault = "works" | "refuses" | "silent" | "garbage" | "slow" | "unplugged";

/** The coils (or outlets) behind a pretended switch, and the supply that hangs on one of them. */
export class Coils {
  readonly #on: boolean[];
  readonly #watched: number;
  readonly #contact: Contact;
  readonly history: PowerState[] = [];
  /** A switch that does not do what it is told, and says so where its protocol can. */
  stuck = false;

  /** @param watched the coil, from 1, that carries the board's supply. */
  constructor(count: number, watched: number, contact: Contact = "NO") {
    this.#on = Array<boolean>(count).fill(false);
    this.#watched = watched;
    this.#contact = contact;
  }

  get count(): number {
    return this.#on.length;
  }

  /** Of coil `number`, from 1. */
  get(number: number): boolean {
    return this.#on[number - 1] ?? false;
  }

  set(number: number, on: boolean): void {
    if (this.stuck || number < 1 || number > this.count || this.get(number) === on) return;
    this.#on[number - 1] = on;
    if (number === this.#watched) this.history.push(this.supply);
  }

  get supply(): PowerState {
    return suppliedBy(this.get(this.#watched), this.#contact);
  }

  get bits(): number {
    return this.#on.reduce((bits, on, index) => bits | (on ? 1 << index : 0), 0);
  }
}
