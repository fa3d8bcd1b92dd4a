import { ENUMERATION_GROUP } from "../groups/enumeration.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

const INDEX_TOO_LARGE = 4;

/** A group as a server lists it. `handlers`: the largest command number, and one. */
interface GroupEntry {
  readonly group: number;
  readonly name: string;
  readonly handlers: number;
}

/** The groups of Zephyr 4.4 with all of their commands, as it calls them. Measured on Zephyr 4.4.0, but for "img mgmt". */
export const GROUP_ENTRIES = {
  os: { group: 0, name: "os mgmt", handlers: 8 },
  image: { group: 1, name: "img mgmt", handlers: 7 },
  statistics: { group: 2, name: "stat mgmt", handlers: 2 },
  settings: { group: 3, name: "settings mgmt", handlers: 4 },
  files: { group: 8, name: "fs mgmt", handlers: 5 },
  shell: { group: 9, name: "shell mgmt", handlers: 1 },
  enumeration: { group: ENUMERATION_GROUP, name: "enum mgmt", handlers: 4 },
  basic: { group: 63, name: "zephyr basic mgmt", handlers: 1 },
} as const satisfies Record<string, GroupEntry>;

/**
 * Handlers of group 10 as Zephyr's behave.
 * @param groups in the order in which they registered.
 * Source: Zephyr enum_mgmt.c; measured on Zephyr 4.4.0.
 */
export function enumerationHandlers(groups: readonly GroupEntry[]): SmpHandlers {
  return {
    groupCount: () => ({ count: groups.length }),
    groupList: () => ({ groups: groups.map(({ group }) => group) }),
    groupAt: ({ index = 0 }) => {
      const entry = groups[index];
      if (!entry) throw new SmpFault({ group: ENUMERATION_GROUP, code: INDEX_TOO_LARGE });
      return { group: entry.group, end: index === groups.length - 1 ? true : undefined };
    },
    groupDetails: ({ groups: wanted = [] }) => ({
      groups: wanted.length === 0 ? groups : groups.filter(({ group }) => wanted.includes(group)),
    }),
  };
}
