import type { Board } from "../../board/index.ts";
import { messageOf } from "../../core/index.ts";
import type { EventSink } from "../record/run-event.ts";

/** What is left at the end of a campaign. */
interface Left {
  readonly board: Board;
  readonly record: EventSink;
}

/** The one exception to "power ends on": a profile that says `leave: off`. Without the campaign's signal, as below. */
export async function leaveDark({ board, record }: Left): Promise<void> {
  if (board.profile.power.leave === "on") return;
  try {
    const { sentAtUs } = await board.power.set("off");
    record.event({ atUs: board.clock.nowUs(), event: "power", state: "off", sentAtUs });
    record.event({ atUs: board.clock.nowUs(), event: "left", power: "off", because: "power.leave of the profile" });
  } catch (error) {
    const text = `power may be on: the switch could not be told "off" at the end (${messageOf(error)})`;
    record.event({ atUs: board.clock.nowUs(), event: "warning", text });
    throw error;
  }
}

/** How a board is left, whatever happened to it. Without the campaign's signal, which may have ended it. */
export async function powerOn({ board, record }: Left): Promise<void> {
  try {
    const { sentAtUs } = await board.power.set("on");
    record.event({ atUs: board.clock.nowUs(), event: "power", state: "on", sentAtUs });
  } catch (error) {
    const text = `power may be off: the switch could not be told "on" (${messageOf(error)})`;
    record.event({ atUs: board.clock.nowUs(), event: "warning", text });
    throw error;
  }
}
