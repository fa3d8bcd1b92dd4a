import { expect, test } from "@jest/globals";
import { isKind } from "../../core/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { SUBCOMMANDS, smpCommand } from "./smp.ts";
import { COMMAND_OPTIONS, type CommandOption } from "./subcommand.ts";

const OPTIONS = Object.keys(COMMAND_OPTIONS) as CommandOption[];
/** Arguments that each command takes, so that nothing but the option can be wrong. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  raw: ["read", "0", "0"],
  "image test": ["ab".repeat(32)],
  "settings write": ["a", "00"],
};

function words(usage: string): string[] {
  return usage.split(" ").filter((word) => !/^[<[]/.test(word));
}

const PAIRS = SUBCOMMANDS.flatMap((row) =>
  OPTIONS.map((option) => ({ row, option, command: words(row.usage).join(" ") })),
);

test("every option of one command is refused by all commands that do not take it, before a port is opened", async () => {
  const wrong: string[] = [];
  for (const { row, option, command } of PAIRS.filter(({ row, option }) => !row.options?.includes(option))) {
    const required = row.usage.match(/<[^>]+>/g)?.map(() => "x") ?? [];
    const value = COMMAND_OPTIONS[option].type === "boolean" ? [] : ["1"];
    const argv = [...words(row.usage), ...(ARGUMENTS[command] ?? required), `--${option}`, ...value];
    const io = memoryIo({ env: { HIL_PORT: "/dev/there-is-none" } });
    const error: unknown = await smpCommand(argv, io).catch((thrown: unknown) => thrown);
    const refused = isKind(error, "usage") && error.message === `hil smp ${command} takes no --${option}.`;
    if (!refused) wrong.push(argv.join(" "));
  }
  expect(wrong).toEqual([]);
  expect(PAIRS.length).toBeGreaterThan(300);
});

test("the help of a command names its own options and no other's", async () => {
  const io = memoryIo();
  await smpCommand(["image", "upload", "--help"], io);
  for (const option of OPTIONS) {
    const isIts = ["image", "upgrade", "packet", "window", "first-chunk"].includes(option);
    expect([option, new RegExp(`--${option}\\b`).test(io.printed())]).toEqual([option, isIts]);
  }
});

test.each([
  [["image", "erase", "--image", "1"], "An erase names its slot: those of image 1 (the network core) are 2 and 3."],
  [["image", "upload", "x.bin", "--slot", "3"], "What smpmgr calls --slot is the image pair: --image here."],
  [["image", "erase", "1", "--slot", "3"], "Name one."],
])("%j says what to write instead", async (argv, hint) => {
  const io = memoryIo({ env: { HIL_PORT: "/dev/there-is-none" } });
  await expect(smpCommand(argv, io)).rejects.toMatchObject({ exitCode: 2, hint: expect.stringContaining(hint) });
});
