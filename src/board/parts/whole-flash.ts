import { deviceArea } from "../profile/flash-timing.ts";
import type { BoardProfile } from "../profile/schema.ts";
import type { Board, Flasher } from "./board.ts";

const ERASED = 0xff;

/** The flasher of a board whose whole flash can be read and written, past its firmware: an emulated one. */
export function wholeFlashFlasher({ slots }: BoardProfile, access: NonNullable<Board["flash"]>): Flasher {
  return {
    async programPrimary(image, _signal, slot = 0) {
      const flash = await access.read();
      for (const { offset, bytes } of [slots.primary, slots.secondary].map(deviceArea)) {
        flash.fill(ERASED, offset, offset + bytes);
      }
      flash.set(image, slot === 0 ? slots.primary.offset : slots.secondary.offset);
      await access.write(flash);
    },
  };
}
