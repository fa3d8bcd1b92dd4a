import { command } from "../packet/command.ts";
import { dictionary, list, text, wideUint } from "../packet/shape.ts";

/** Group 2: statistics. Source: Zephyr documentation, SMP group 2. */
export const STATISTICS_GROUP = 2;
const source = "Zephyr smp_group_2.rst";

export const statistics = command({
  name: "statistics",
  group: STATISTICS_GROUP,
  id: 0,
  op: "read",
  request: { name: text },
  response: { name: text, fields: dictionary(wideUint) },
  retries: 3,
  source,
});

export const statisticsList = command({
  name: "statistics list",
  group: STATISTICS_GROUP,
  id: 1,
  op: "read",
  request: {},
  response: { stat_list: list(text) },
  retries: 3,
  source,
});
