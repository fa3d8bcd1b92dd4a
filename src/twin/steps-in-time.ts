import { type Clock, UNNOTICED } from "../core/index.ts";
import {
  type BootStep,
  type FlashOperation,
  isOperation,
  type NetCoreAnswer,
  type Steps,
  type Work,
  workDurationUs,
} from "../mcuboot/index.ts";
import type { OperationGoing, TwinFlash } from "./flash.ts";

/** What of the steps of a boot others see or answer. */
type Seen = Exclude<BootStep, FlashOperation | Work>;

/** The next step that others see, or what the steps came to. */
type Told<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly value: Seen };

/**
 * Steps of a boot in their own time. Operations and work follow one another without a promise between them: a swap is a
 * thousand of them, and nobody but the flash takes notice.
 */
export class StepsInTime<T> {
  readonly #steps: Steps<T>;
  readonly #clock: Clock;
  readonly #flash: TwinFlash;
  readonly #power: AbortSignal;

  constructor(steps: Steps<T>, { clock, flash, power }: { clock: Clock; flash: TwinFlash; power: AbortSignal }) {
    this.#steps = steps;
    this.#clock = clock;
    this.#flash = flash;
    this.#power = power;
  }

  /**
   * Goes on to the next step that others see. When `power` aborts in the middle of an operation, the part that was
   * reached by then stays.
   * @param answer to the step before.
   * @throws the signal's reason; what the steps throw; an Error when the firmware breaks a rule of the flash.
   */
  next(answer: NetCoreAnswer | undefined): Promise<Told<T>> {
    const power = this.#power;
    power.throwIfAborted();
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      let going: OperationGoing | undefined;
      const onAbort = () => {
        cancel();
        if (going !== undefined) this.#flash.interrupt(going);
        reject(power.reason);
      };
      const over = (settle: () => void) => {
        power.removeEventListener("abort", onAbort);
        settle();
      };
      const goOn = (given?: NetCoreAnswer): boolean => {
        try {
          const next = this.#steps.next(given);
          if (next.done === true) over(() => resolve({ done: true, value: next.value }));
          else if (isOperation(next.value)) {
            going = this.#flash.begin(next.value);
            cancel = this.#clock.at(going.endUs, wake);
            return true;
          } else if (next.value.kind === "work") {
            cancel = this.#clock.at(this.#clock.nowUs() + Math.round(workDurationUs(next.value)), wake);
            return true;
          } else {
            const step = next.value;
            over(() => resolve({ done: false, value: step }));
          }
        } catch (error) {
          over(() => reject(error));
        }
        return false;
      };
      const wake = () => {
        const done = going;
        going = undefined;
        const isUnseen = done === undefined || this.#flash.finish(done);
        return goOn() && isUnseen ? UNNOTICED : undefined;
      };
      power.addEventListener("abort", onAbort, { once: true });
      goOn(answer);
    });
  }
}
