import { messageOf, wallTime } from "../../core/index.ts";
import { Webhook } from "../report/notify.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";

/** Notes that wait to be sent: a webhook that is slow is told of the first ones. */
const WAITING_MAX = 100;

/** What whoever looks after a lab should read: on standard error, and at an address that was named. */
export class LabNotes {
  readonly #io: CliIo;
  readonly #webhook: Webhook | undefined;
  /** One after the other, in the order in which they came. */
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** @throws UsageError for an address that is none. */
  constructor(webhook: string | undefined, io: CliIo) {
    this.#io = io;
    this.#webhook = webhook === undefined ? undefined : new Webhook(webhook, io);
  }

  note(text: string): void {
    this.#io.err(`hil: ${text}\n`);
    if (this.#webhook === undefined || this.#waiting >= WAITING_MAX || this.#io.signal.aborted) return;
    const body = JSON.stringify({
      ...{ type: "hil.lab", timestamp: wallTime().toISOString() },
      data: { schema: 1, hil: ownVersion(), text },
    });
    this.#waiting += 1;
    this.#sending = this.#sending.then(() => this.#send(body));
  }

  /** All that was noted has been sent, or has not been for a reason that was said. */
  sent(): Promise<void> {
    return this.#sending;
  }

  async #send(body: string): Promise<void> {
    try {
      const why = await this.#webhook?.post(body, this.#io.signal);
      if (why !== undefined) this.#io.err(`hil: ${why}\n`);
    } catch (error) {
      if (!this.#io.signal.aborted) this.#io.err(`hil: the webhook was not told: ${messageOf(error)}\n`);
    } finally {
      this.#waiting -= 1;
    }
  }
}
