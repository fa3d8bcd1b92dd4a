import { type Board, LogWatch } from "../../board/index.ts";
import type { smpBench } from "../../smp/testing/bench.ts";
import { smallProfile } from "./small-campaign.ts";

/** A board that prints and replies as a test says, with a switch that always obeys. */
export function scriptedBoard(bed: ReturnType<typeof smpBench>, check: () => void = () => undefined): Board {
  return {
    name: "dk",
    profile: smallProfile().profile,
    clock: bed.clock,
    uart: bed.host,
    logs: { app: new LogWatch("VCOM1", bed.host, bed.clock) },
    smp: bed.client,
    power: {
      facts: { cuts: "soc", readsBack: false, latency: "ms" },
      set: async () => ({ sentAtUs: bed.clock.nowUs() }),
      [Symbol.asyncDispose]: async () => {},
    },
    cuts: { latencyUs: 0, uncertaintyUs: 0 },
    check,
    [Symbol.asyncDispose]: async () => {},
  };
}
