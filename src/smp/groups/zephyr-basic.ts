import { command } from "../packet/command.ts";

/** Group 63: Zephyr basics. In version 1 two of its errors look like an answer without a header: use version 2. */
export const ZEPHYR_BASIC_GROUP = 63;

export const eraseStorage = command({
  name: "storage erase",
  group: ZEPHYR_BASIC_GROUP,
  id: 0,
  op: "write",
  request: {},
  response: {},
  retries: 1,
  timeoutMs: 60_000,
  source: "Zephyr smp_group_0 and following, zephyr_basic.c",
});
