import { command } from "../packet/command.ts";
import { any, bool, dictionary, int, map, optional, text, uint } from "../packet/shape.ts";

/** Group 0: the operating system. Source: Zephyr documentation, SMP group 0. */
export const OS_GROUP = 0;
const source = "Zephyr smp_group_0.rst";

export const echo = command({
  name: "echo",
  group: OS_GROUP,
  id: 0,
  op: "either",
  request: { d: optional(text) },
  response: { r: text },
  retries: 3,
  source,
});

/** Switches the echo of a console off for old tools; MCUboot takes it, Zephyr knows it not. */
export const consoleEcho = command({
  name: "console echo",
  group: OS_GROUP,
  id: 1,
  op: "write",
  request: { echo: uint },
  response: {},
  retries: 3,
  source: "MCUboot boot_serial.c; Zephyr smp_group_0.rst",
});

export const taskStatistics = command({
  name: "task statistics",
  group: OS_GROUP,
  id: 2,
  op: "read",
  request: {},
  response: {
    tasks: dictionary(
      map({
        prio: int,
        tid: uint,
        state: uint,
        stkuse: optional(uint),
        stksiz: optional(uint),
        cswcnt: optional(uint),
        runtime: optional(uint),
        last_checkin: optional(uint),
        next_checkin: optional(uint),
      }),
    ),
  },
  retries: 3,
  source,
});

export const memoryPools = command({
  name: "memory pools",
  group: OS_GROUP,
  id: 3,
  op: "read",
  request: {},
  response: { "*": any },
  retries: 3,
  source,
});

export const readDatetime = command({
  name: "datetime",
  group: OS_GROUP,
  id: 4,
  op: "read",
  request: {},
  response: { datetime: text },
  retries: 3,
  source,
});

/** @see readDatetime; the form is yyyy-MM-ddTHH:mm:ss, without a zone. */
export const writeDatetime = command({
  name: "datetime set",
  group: OS_GROUP,
  id: 4,
  op: "write",
  request: { datetime: text },
  response: {},
  retries: 3,
  source,
});

/** Not repeated: the answer may be lost to the reset that it announces. */
export const osReset = command({
  name: "reset",
  group: OS_GROUP,
  id: 5,
  op: "write",
  request: { force: optional(bool), boot_mode: optional(uint) },
  response: {},
  retries: 0,
  ignoresBadBody: true,
  source: "Zephyr smp_group_0.rst; boot_mode: Zephyr 4.2",
});

export const params = command({
  name: "mcumgr parameters",
  group: OS_GROUP,
  id: 6,
  op: "read",
  request: {},
  response: { buf_size: uint, buf_count: uint },
  retries: 3,
  source: "Zephyr smp_group_0.rst (3.1); MCUboot boot_serial.c (June 2026)",
});

export const osInfo = command({
  name: "OS info",
  group: OS_GROUP,
  id: 7,
  op: "read",
  request: { format: optional(text) },
  response: { output: text },
  retries: 3,
  source,
});

export const bootloaderInfo = command({
  name: "bootloader info",
  group: OS_GROUP,
  id: 8,
  op: "read",
  request: { query: optional(text) },
  response: { bootloader: optional(text), mode: optional(int), "no-downgrade": optional(bool) },
  retries: 3,
  source,
});

/** `mode` of `bootloaderInfo`. Source: MCUboot boot_status.h. */
export const SMP_MODES = [
  { mode: -1, name: "unknown" },
  { mode: 0, name: "single slot" },
  { mode: 1, name: "swap using scratch" },
  { mode: 2, name: "overwrite only" },
  { mode: 3, name: "swap using move" },
  { mode: 4, name: "direct XIP" },
  { mode: 5, name: "direct XIP with revert" },
  { mode: 6, name: "RAM load" },
  { mode: 7, name: "firmware loader" },
  { mode: 8, name: "single slot RAM load" },
  { mode: 9, name: "swap using offset" },
] as const;
