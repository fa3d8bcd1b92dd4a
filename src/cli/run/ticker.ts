import { livesInRealTime, type Provider } from "../../board/index.ts";
import type { RunEvent, RunRequest } from "../../campaign/index.ts";
import { RealClock } from "../../core/index.ts";
import { ConsoleReport, exchangeTraceLine, traceLine } from "../../report/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

const TICK_MS = 1_000;

interface Shown extends Disposable {
  /** What a run's request is given. */
  readonly heard: Required<Pick<RunRequest, "onEvent">> & Pick<RunRequest, "onExchange">;
}

/**
 * Shows a run while it goes on: with --trace every line, with --json nothing, else as the console reports it.
 * @param provider of the run's board.
 */
export function shownRun(args: Parsed, provider: Provider, io: CliIo): Shown {
  const isJson = args.flag("json");
  if (args.flag("trace")) {
    const print = (line: string) => io[isJson ? "err" : "out"](`${line}\n`);
    const onEvent = (event: RunEvent) => print(traceLine(event));
    return { heard: { onEvent, onExchange: (line) => print(exchangeTraceLine(line)) }, [Symbol.dispose]: () => {} };
  }
  if (isJson) return { heard: { onEvent: () => {} }, [Symbol.dispose]: () => {} };
  const ticker = new Ticker(new ConsoleReport(io), provider);
  return { heard: { onEvent: (event) => ticker.take(event) }, [Symbol.dispose]: () => ticker[Symbol.dispose]() };
}

/** Hands a run's events to the console, and has it say what goes on when none come: a second a time. */
class Ticker implements Disposable {
  readonly #report: ConsoleReport;
  readonly #isReal: boolean;
  readonly #clock = new RealClock();
  #benchUs = 0;
  #heardUs = 0;
  #cancel: () => void = () => {};

  constructor(report: ConsoleReport, provider: Provider) {
    this.#report = report;
    this.#isReal = livesInRealTime(provider);
    this.#next();
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
