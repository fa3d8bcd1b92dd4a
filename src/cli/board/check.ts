import { resolve } from "node:path";
import {
  boardFacts,
  buildProfileOf,
  compareBuild,
  missingPrograms,
  programsOf,
  readBuildFolder,
} from "../../board/index.ts";
import { type BoardCheck, checkBoard } from "../../campaign/index.ts";
import { Cleanup, EXIT } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { BOARD_OPTION, namedProfile, openLeasedBoard, whileMarkedDirty } from "./option.ts";

const OPTIONS = {
  ...BOARD_OPTION,
  build: { type: "string", describe: "also compare with the build folder that the firmware came from" },
  "no-power": { type: "boolean", describe: "leave the power switch alone" },
  json: { type: "boolean", describe: "print one line of JSON" },
} as const satisfies OptionRows;

/** Checks that say whether the board lives. */
const ALIVE: readonly string[] = ["answers", "power"];

/** `hil board check`: what a campaign asks of a board before it begins. Exit 3 when something is not as it must be. */
export async function boardCheckCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board check [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const loaded = await namedProfile(args, io);
  const folder = args.text("build");
  const built = folder === undefined ? undefined : await buildProfileOf(await readBuildFolder(resolve(io.cwd, folder)));
  await using closing = new Cleanup();
  const board = await openLeasedBoard(loaded, io, closing);
  const json = args.flag("json");
  const show = (check: BoardCheck) => {
    if (!json) io.out(`${check.outcome.padEnd(11)}  ${check.name.padEnd(18)}  ${check.text}\n`);
  };
  const power = !args.flag("no-power");
  const check = () => checkBoard(board, { signal: io.signal, power, onCheck: show });
  const isUp = (found: readonly BoardCheck[]) =>
    !found.some(({ name, outcome }) => outcome === "failed" && ALIVE.includes(name));
  const checks = [...(await whileMarkedDirty(board, "hil board check was under way and did not end", check, isUp))];
  if (built) {
    const answers = checks.some(({ name, outcome }) => name === "answers" && outcome === "ok");
    const facts = answers ? await boardFacts(board.smp, io.signal) : undefined;
    for (const row of compareBuild(built, loaded, facts)) {
      checks.push(row);
      show(row);
    }
  }
  const missing = new Set((await missingPrograms(loaded, io.env)).map(({ program }) => program));
  for (const { program, what } of programsOf(loaded)) {
    const found = !missing.has(program);
    const text = found ? `${program} is there` : `${program} is not there: install it, or name it in the profile.`;
    const row: BoardCheck = { name: what, outcome: found ? "ok" : "failed", text };
    checks.push(row);
    show(row);
  }
  if (json) io.out(`${JSON.stringify({ schema: 1, board: board.name, checks })}\n`);
  return checks.some(({ outcome }) => outcome === "failed") ? EXIT.bench : EXIT.pass;
}
