import { asFlash, firstDifference } from "../verdict/real-flash.ts";
import type { Trial } from "./trial.ts";

/**
 * From now on the judge knows the flash as it is, for a board whose flash can be read; for others it stays what the
 * model worked out. Where the two differ, the record says so.
 */
export async function seeFlash({ recorded, expected }: Trial): Promise<void> {
  const { flash } = recorded.board;
  if (flash === undefined) return;
  const real = asFlash(expected, await flash.read());
  const at = firstDifference(expected.build, expected.flash, real);
  if (at !== undefined) {
    const text = `the flash is not what the model worked out, first in ${at}; the judge goes on with what is there`;
    recorded.record.event({ atUs: recorded.nowUs, event: "warning", text });
  }
  expected.adopt({ flash: real });
}
