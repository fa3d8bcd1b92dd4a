import type { Clock } from "../../core/index.ts";
import { aroundSwitch, type PowerState, type PowerSwitch } from "../../power/index.ts";
import { type Link, ReopeningLink } from "../../serial/index.ts";

/** What a switch is asked to do, with who may give up. */
type Options = { readonly signal?: AbortSignal | undefined };

/**
 * Ports that go away with their board's power and come back with it: a cut of the USB supply takes the interface chip
 * along. A switch around which they are laid announces the loss before each cut, and answers "on" only when they are
 * open again; what the board said in between is lost.
 */
export class LeavingPorts {
  readonly #links: ReopeningLink[] = [];
  readonly #clock: Clock;
  readonly #limitMs: number;
  #isOut = false;

  /** @param options.limitMs longest wait for a port to come back, in milliseconds. */
  constructor(options: { readonly clock: Clock; readonly limitMs: number }) {
    this.#clock = options.clock;
    this.#limitMs = options.limitMs;
  }

  /** @param open finds the port by its identity and opens it. */
  async add(open: () => Promise<Link>): Promise<Link> {
    const link = await ReopeningLink.open(open, { clock: this.#clock });
    this.#links.push(link);
    return link;
  }

  /** When the last of them was opened again, in microseconds on the bench's clock; undefined when none ever was. */
  get backAtUs(): number | undefined {
    const times = this.#links.flatMap(({ backAtUs }) => backAtUs ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** The switch, with these ports in mind; itself when there are none. */
  around(power: PowerSwitch): PowerSwitch {
    if (this.#links.length === 0) return power;
    const arm = power.arm?.bind(power);
    return aroundSwitch(power, {
      set: (state, options) => this.#set(power, state, options),
      arm:
        arm &&
        (async (order, options) => {
          this.#leave();
          return arm(order, options);
        }),
    });
  }

  async #set(power: PowerSwitch, state: PowerState, options: Options = {}) {
    if (state === "off") this.#leave();
    const sent = await power.set(state, options);
    if (state === "on" && this.#isOut) {
      // A port that was lost unasked stays lost, and whoever reads it is told: power is on all the same.
      const waiting = this.#links.filter((link) => !link.hasEnded);
      await Promise.all(waiting.map((link) => link.reopen(this.#limitMs, options.signal)));
      this.#isOut = false;
    }
    return sent;
  }

  #leave(): void {
    this.#isOut = true;
    for (const link of this.#links) link.expectGone();
  }
}
