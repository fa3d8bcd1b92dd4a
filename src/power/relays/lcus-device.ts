import { concat, utf8 } from "../../core/index.ts";
import {
  LCUS_ALL_CHANNELS,
  LcusDecoder,
  type LcusMessage,
  type LcusVariant,
  lcusFrame,
  lcusOp,
  lcusStatusText,
} from "./lcus-frames.ts";

/** What a coil does now. */
export interface CoilChange {
  /** From 1. */
  readonly channel: number;
  readonly energised: boolean;
}

/**
 * The relay board's side of the LCUS bytes, by the same table as the driver: the twin's relay, and the driver's test
 * partner. All coils are released at power-up. How the board's supply hangs on a contact is the owner's business.
 */
export class LcusDevice {
  readonly #variant: LcusVariant;
  readonly #coils: boolean[];
  readonly #onChange: (change: CoilChange) => void;
  readonly #decoder = new LcusDecoder();
  /** Frames whose op this firmware does not know, or whose channel it does not have. */
  ignoredFrames = 0;

  /** @param options.channels 1, 2, 4 or 8 on the boards that are sold; 1–8 here. */
  constructor(options: {
    readonly channels: number;
    readonly variant?: LcusVariant;
    readonly onChange: (change: CoilChange) => void;
  }) {
    this.#variant = options.variant ?? "write-only";
    this.#coils = Array<boolean>(options.channels).fill(false);
    this.#onChange = options.onChange;
  }

  /** Whether the coil of this channel (from 1) is energised. */
  energised(channel: number): boolean {
    return this.#coils[channel - 1] ?? false;
  }

  get droppedBytes(): number {
    return this.#decoder.droppedBytes;
  }

  /** Takes bytes from the host, in any pieces; returns what the board answers (often nothing). */
  feed(bytes: Uint8Array): Uint8Array {
    return concat(...this.#decoder.feed(bytes).map((message) => this.#carryOut(message)));
  }

  #carryOut(message: LcusMessage): Uint8Array {
    const silent = new Uint8Array();
    if (message.kind === "status") return this.#variant === "a" ? utf8(lcusStatusText(this.#coils)) : silent;
    const op = lcusOp(this.#variant, message.op);
    const channels = this.#channelsOf(message.channel);
    if (!op || channels.length === 0) {
      this.ignoredFrames += 1;
      return silent;
    }
    for (const channel of channels) {
      const was = this.energised(channel);
      const becomes = { off: false, on: true, toggle: !was, keep: was }[op.coil];
      if (becomes === was) continue;
      this.#coils[channel - 1] = becomes;
      this.#onChange({ channel, energised: becomes });
    }
    if (op.answer === "none") return silent;
    if (op.answer === "text") return utf8(lcusStatusText(this.#coils, channels));
    return concat(...channels.map((channel) => lcusFrame(channel, this.energised(channel) ? 1 : 0)));
  }

  #channelsOf(channel: number): number[] {
    const all = this.#coils.map((_, index) => index + 1);
    if (channel === LCUS_ALL_CHANNELS) return this.#variant === "c" ? all : [];
    return all.filter((own) => own === channel);
  }
}
