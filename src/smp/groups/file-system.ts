import { command } from "../packet/command.ts";
import { bytes, dictionary, map, numberOrBytes, optional, text, uint } from "../packet/shape.ts";

/** Group 8: files. Source: Zephyr documentation, SMP group 8. */
export const FILE_SYSTEM_GROUP = 8;
const source = "Zephyr smp_group_8.rst";

/** The size of a piece is the server's; `len` comes with the first. */
export const readFile = command({
  name: "file download",
  group: FILE_SYSTEM_GROUP,
  id: 0,
  op: "read",
  request: { off: uint, name: text },
  response: { off: uint, data: bytes, len: optional(uint) },
  retries: 3,
  withheld: ["data"],
  source,
});

/** Not repeated blindly: a piece at another offset than the file's end is refused, with the file's length. */
export const writeFile = command({
  name: "file upload",
  group: FILE_SYSTEM_GROUP,
  id: 0,
  op: "write",
  request: { off: uint, data: optional(bytes), name: text, len: optional(uint) },
  response: { off: uint },
  retries: 0,
  withheld: ["data"],
  timeoutMs: 10_000,
  source,
});

export const fileStatus = command({
  name: "file status",
  group: FILE_SYSTEM_GROUP,
  id: 1,
  op: "read",
  request: { name: text },
  response: { len: uint },
  retries: 3,
  source,
});

export const fileHash = command({
  name: "file hash",
  group: FILE_SYSTEM_GROUP,
  id: 2,
  op: "read",
  request: { name: text, type: optional(text), off: optional(uint), len: optional(uint) },
  response: { type: optional(text), off: optional(uint), len: uint, output: numberOrBytes },
  retries: 3,
  timeoutMs: 30_000,
  source,
});

export const fileHashTypes = command({
  name: "file hash types",
  group: FILE_SYSTEM_GROUP,
  id: 3,
  op: "read",
  request: {},
  /** `format` 0 is a number, 1 bytes. */
  response: { types: dictionary(map({ format: uint, size: uint })) },
  retries: 3,
  source,
});

export const closeFile = command({
  name: "file close",
  group: FILE_SYSTEM_GROUP,
  id: 4,
  op: "write",
  request: {},
  response: {},
  retries: 3,
  source,
});
