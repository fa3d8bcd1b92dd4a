import { command } from "../packet/command.ts";
import { bytes, optional, text, uint } from "../packet/shape.ts";

/** Group 3: settings. Source: Zephyr documentation, SMP group 3. */
export const SETTINGS_GROUP = 3;
const source = "Zephyr smp_group_3.rst (3.5)";

export const readSetting = command({
  name: "settings read",
  group: SETTINGS_GROUP,
  id: 0,
  op: "read",
  request: { name: text, max_size: optional(uint) },
  response: { val: bytes, max_size: optional(uint) },
  retries: 3,
  withheld: ["val"],
  source,
});

/** Sets the value in memory only; `saveSettings` stores it. */
export const writeSetting = command({
  name: "settings write",
  group: SETTINGS_GROUP,
  id: 0,
  op: "write",
  request: { name: text, val: optional(bytes) },
  response: {},
  retries: 3,
  withheld: ["val"],
  source,
});

export const deleteSetting = command({
  name: "settings delete",
  group: SETTINGS_GROUP,
  id: 1,
  op: "write",
  request: { name: text },
  response: {},
  retries: 0,
  source,
});

export const commitSettings = command({
  name: "settings commit",
  group: SETTINGS_GROUP,
  id: 2,
  op: "write",
  request: {},
  response: {},
  retries: 3,
  source,
});

export const loadSettings = command({
  name: "settings load",
  group: SETTINGS_GROUP,
  id: 3,
  op: "read",
  request: {},
  response: {},
  retries: 3,
  source,
});

export const saveSettings = command({
  name: "settings save",
  group: SETTINGS_GROUP,
  id: 3,
  op: "write",
  request: { name: optional(text) },
  response: {},
  retries: 3,
  timeoutMs: 10_000,
  source,
});
