import type { RunEvent } from "../../campaign/index.ts";
import { RealClock } from "../../core/index.ts";
import type { ConsoleReport } from "../../report/index.ts";

const TICK_MS = 1_000;
/** Providers whose benches live in real time: theirs goes on between two events. */
const REAL: readonly string[] = ["hardware", "qemu"];

/** Hands a run's events to the console, and has it say what goes on when none come: a second a time. */
export class Ticker implements Disposable {
  readonly #report: ConsoleReport;
  readonly #isReal: boolean;
  readonly #clock = new RealClock();
  #benchUs = 0;
  #heardUs = 0;
  #cancel: () => void = () => {};

  /** @param isShown false: nobody looks, and nothing ticks. */
  constructor(report: ConsoleReport, provider: string, isShown: boolean) {
    this.#report = report;
    this.#isReal = REAL.includes(provider);
    if (isShown) this.#next();
  }

  take(event: RunEvent): void {
    this.#benchUs = Math.max(this.#benchUs, event.atUs);
    this.#heardUs = this.#clock.nowUs();
    this.#report.take(event, this.#heardUs);
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #next(): void {
    this.#cancel = this.#clock.at(this.#clock.nowUs() + TICK_MS * 1000, () => {
      const wallUs = this.#clock.nowUs();
      this.#report.tick(this.#isReal ? this.#benchUs + wallUs - this.#heardUs : this.#benchUs, wallUs);
      this.#next();
    });
  }
}
