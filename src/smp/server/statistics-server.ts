import { STATISTICS_GROUP } from "../groups/statistics.ts";
import { type ServerGenerationName, serverGeneration } from "../packet/generations.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

const INVALID = 3;
/** CONFIG_MCUMGR_GRP_STAT_MAX_NAME_LEN. */
const NAME_BYTES = 32;
/** INVALID_STAT_NAME: what is answered for an unknown group. */
const UNKNOWN_NAME = 3;

/**
 * Handlers of group 2 as Zephyr's behave.
 * @param read the counters now, by group and name, in the order in which they are listed.
 * @param generation how an unknown name is refused; default the newest.
 * Source: Zephyr stat_mgmt.c; measured on Zephyr 4.4.0.
 */
export function statisticsHandlers(
  read: () => Readonly<Record<string, Readonly<Record<string, number>>>>,
  generation?: ServerGenerationName,
): SmpHandlers {
  const { unknownStatistic } = serverGeneration(generation);
  return {
    statistics: ({ name }, { version }) => {
      if (name === "" || Buffer.byteLength(name) >= NAME_BYTES) throw new SmpFault({ code: INVALID });
      const fields = new Map(Object.entries(read())).get(name);
      if (!fields && unknownStatistic) {
        throw new SmpFault(version === 1 ? { code: unknownStatistic.rc } : unknownStatistic.error);
      }
      if (!fields) throw new SmpFault({ group: STATISTICS_GROUP, code: UNKNOWN_NAME });
      return { name, fields };
    },
    statisticsList: () => ({ stat_list: Object.keys(read()) }),
  };
}
