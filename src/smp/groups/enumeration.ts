import { command } from "../packet/command.ts";
import { bool, list, map, optional, text, uint } from "../packet/shape.ts";

/** Group 10: which groups a server has. Source: Zephyr documentation, SMP group 10 (4.0). */
export const ENUMERATION_GROUP = 10;
const source = "Zephyr smp_group_10.rst (4.0)";

export const groupCount = command({
  name: "group count",
  group: ENUMERATION_GROUP,
  id: 0,
  op: "read",
  request: {},
  response: { count: uint },
  retries: 3,
  source,
});

export const groupList = command({
  name: "group list",
  group: ENUMERATION_GROUP,
  id: 1,
  op: "read",
  request: {},
  /** In the order in which they registered. */
  response: { groups: list(uint) },
  retries: 3,
  source,
});

export const groupAt = command({
  name: "group at",
  group: ENUMERATION_GROUP,
  id: 2,
  op: "read",
  request: { index: optional(uint) },
  response: { group: uint, end: optional(bool) },
  retries: 3,
  source,
});

export const groupDetails = command({
  name: "group details",
  group: ENUMERATION_GROUP,
  id: 3,
  op: "read",
  request: { groups: optional(list(uint)) },
  response: { groups: list(map({ group: uint, name: optional(text), handlers: optional(uint) })) },
  retries: 3,
  source,
});
