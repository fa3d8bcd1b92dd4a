import { describe, expect, test } from "@jest/globals";
import { concat, hex } from "../../core/index.ts";
import type { CommandRow } from "../packet/command.ts";
import { encodeRequest } from "../packet/command.ts";
import { dumped } from "../testing/dumps.ts";
import { COMMANDS, commandOf } from "./commands.ts";
import { customCommand, ERROR_GROUPS, errorRow, MGMT_ERRORS, shell, v1Code } from "./index.ts";

const ROWS: readonly CommandRow[] = Object.values(COMMANDS);

describe("the table of commands", () => {
  test("has a row for every command, each with a name and a place of its own and a source", () => {
    expect(ROWS.length).toBeGreaterThan(30);
    expect(new Set(ROWS.map((row) => row.name)).size).toBe(ROWS.length);
    expect(new Set(ROWS.map((row) => `${row.group}/${row.id}/${row.op}`)).size).toBe(ROWS.length);
    expect(ROWS.filter((row) => row.source === "")).toEqual([]);
  });

  test("finds each by what its header says, and nothing else", () => {
    for (const [key, row] of Object.entries(COMMANDS)) {
      expect(commandOf({ group: row.group, id: row.id, op: row.op === "read" ? 0 : 2 })?.key).toBe(key);
    }
    expect(commandOf({ group: 0, id: 6, op: 2 })).toBeUndefined();
    expect(commandOf({ group: 0, id: 0, op: 0 })?.key).toBe("echo");
    expect(commandOf({ group: 0, id: 0, op: 1 })).toBeUndefined();
  });

  test("does not repeat blindly what does something twice", () => {
    const once = Object.entries(COMMANDS).filter(([, row]) => row.retries === 0);
    expect(once.map(([key]) => key)).toEqual(["osReset", "setImageState", "deleteSetting", "writeFile", "shell"]);
  });
});

describe("requests, byte for byte as captured", () => {
  const first = { off: 0, len: 49_692, sha: dumped(12, ">").slice(27, 59), data: dumped(12, ">").slice(66) };
  test.each([
    ["echo (1)", COMMANDS.echo, { d: "hello" }, 0x42, 2, dumped(1, ">")],
    ["echo in version 1 (2)", COMMANDS.echo, { d: "hello" }, 0x43, 1, dumped(2, ">")],
    ["parameters (3)", COMMANDS.params, {}, 0, 2, dumped(3, ">")],
    ["OS info (4)", COMMANDS.osInfo, { format: "Z" }, 0, 2, dumped(4, ">")],
    ["image list (8)", COMMANDS.imageState, {}, 9, 2, dumped(8, ">")],
    [
      "image test (9)",
      COMMANDS.setImageState,
      { hash: dumped(9, ">").slice(16, 48), confirm: false },
      0,
      2,
      dumped(9, ">"),
    ],
    ["confirm (10)", COMMANDS.setImageState, { confirm: true }, 0, 2, dumped(10, ">")],
    ["a first chunk (12)", COMMANDS.imageUpload, first, 1, 2, dumped(12, ">")],
    ["a chunk (12)", COMMANDS.imageUpload, { off: 32, data: new Uint8Array(16) }, 2, 2, dumped(12, ">", 1)],
    ["erase (15)", COMMANDS.imageErase, {}, 0x0a, 2, dumped(15, ">")],
    ["reset (17)", COMMANDS.osReset, { boot_mode: 1 }, 0, 2, dumped(17, ">")],
    ["console echo (18)", COMMANDS.consoleEcho, { echo: 0 }, 0, 2, dumped(18, ">")],
    ["shell (19)", shell, { argv: ["kernel", "version"] }, 0, 2, dumped(19, ">")],
  ] as const)("%s", (_name, row, request, sequence, version, packet) => {
    expect(hex(encodeRequest(row as CommandRow, request, { sequence, version }))).toBe(hex(packet));
  });

  test("a command of one's own, with any fields", () => {
    const row = customCommand({ group: 64, id: 7, op: "read" });
    const packet = encodeRequest(row, { "*": { a: 1 } }, { sequence: 3, version: 2 });
    expect(hex(packet)).toBe(hex(concat(Uint8Array.of(8, 0, 0, 4, 0, 64, 3, 7, 0xa1, 0x61, 0x61, 1))));
  });

  test("a field that does not fit is refused before anything is sent", () => {
    const wrong = { off: -1 };
    expect(() => encodeRequest(COMMANDS.imageUpload, wrong, { sequence: 0, version: 2 })).toThrow(
      "off: an unsigned integer wanted",
    );
  });
});

describe("error numbers", () => {
  test.each([
    [1, 9, "NO_FREE_SLOT", 6],
    [1, 10, "FLASH_OPEN_FAILED", 1],
    [1, 20, "INVALID_OFFSET", 3],
    [1, 22, "INVALID_IMAGE_HEADER", 3],
    [1, 23, "INVALID_IMAGE_HEADER_MAGIC", 1],
    [1, 27, "CURRENT_VERSION_IS_NEWER", 6],
    [1, 30, "INVALID_IMAGE_TOO_LARGE", 1],
    [0, 2, "INVALID_FORMAT", 3],
    [8, 11, "FILE_OFFSET_NOT_VALID", 1],
    [63, 3, "FLASH_CONFIG_QUERY_FAIL", 0],
    [9, 3, "EMPTY_COMMAND", 3],
  ])("group %i, code %i is %s, and %i in version 1", (group, code, name, v1) => {
    expect([errorRow(group, code).name, v1Code(group, code)]).toEqual([name, v1]);
  });

  test("are counted up from 1 in every group, without a gap", () => {
    expect(ERROR_GROUPS.length).toBe(8);
    for (const { errors } of ERROR_GROUPS)
      expect(errors.map((row) => row.code)).toEqual(errors.map((_, index) => index + 1));
    expect(MGMT_ERRORS.slice(0, 14).map((row) => row.code)).toEqual(Array.from({ length: 14 }, (_, index) => index));
  });

  test("that nobody knows keep their number", () => {
    expect([errorRow(99, 5).name, errorRow(undefined, 200).name, v1Code(99, 5)]).toEqual([
      "UNKNOWN_5",
      "UNKNOWN_200",
      1,
    ]);
  });
});
