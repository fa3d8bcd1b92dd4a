import { dirname, resolve } from "node:path";
import { PROOFS, type Proof, type UnverifiedRow, untilAnswers, unverifiedRows } from "../../board/index.ts";
import { Cleanup, EXIT, makeFolder, Random, replaceFileAt, UsageError, wallTime } from "../../core/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { agreed, BOARD_OPTION, namedProfile, openLeasedBoard, whileMarkedDirty } from "./option.ts";

const OPTIONS = {
  ...BOARD_OPTION,
  row: { type: "string", describe: `only this row (repeatable): ${PROOFS.map(({ id }) => id).join(", ")}` },
  yes: { type: "boolean", alias: "y", describe: "do not ask before power is moved" },
  "by-hand": { type: "boolean", describe: "also print what only a person can look at, and how" },
  output: { type: "string", alias: "o", describe: "file of what was seen (default: proofs/BOARD-TIME.json)" },
  json: { type: "boolean", describe: "print one line of JSON" },
} as const satisfies OptionRows;

/** What became of one row: a proof, or why there is none. */
interface Walked {
  readonly id: string;
  readonly what: string;
  readonly outcome: Proof["outcome"] | "not asked";
  readonly text: string;
  readonly evidence: Proof["evidence"];
}

/**
 * `hil board prove`: walks docs/unverified.md on a board, row by row, and writes down what it has shown. Exit 1 when a
 * row is contradicted.
 */
export async function boardProveCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board prove [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const wanted = args.texts("row");
  const unknown = wanted.find((id) => PROOFS.every((row) => row.id !== id));
  if (unknown !== undefined) {
    throw new UsageError(`no row "${unknown}".`, `The rows are ${PROOFS.map(({ id }) => id).join(", ")}.`);
  }
  const loaded = await namedProfile(args, io);
  const json = args.flag("json");
  const rows = unverifiedRows();
  const walked: Walked[] = [];
  const tell = (row: Walked) => {
    walked.push(row);
    if (!json) io.out(`${row.outcome.padEnd(12)}  ${row.id.padEnd(15)}  ${row.text}\n`);
  };
  await using closing = new Cleanup();
  const board = await openLeasedBoard(loaded, io, closing);
  const random = Random.fromSeed(1).fork("prove");
  if (board.power.facts.cuts !== "reset only") await board.power.set("on", { signal: io.signal });
  await untilAnswers(board, io.signal);
  for (const row of PROOFS.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const what = rows.find((known) => known.what.startsWith(row.page))?.what ?? row.page;
    const skip = (text: string) => tell({ id: row.id, what, outcome: "not asked", text, evidence: {} });
    const lacking = row.lacks(board);
    if (lacking !== undefined) skip(lacking);
    else if (row.moves !== undefined && !args.flag("yes") && !(await agreed(`${row.id}: ${row.moves}. Go on?`, io))) {
      skip(`it ${row.moves}: say --yes, or yes when asked`);
    } else {
      const act = () => row.prove({ board, signal: io.signal, random: random.fork(row.id) });
      const because = `hil board prove ${row.id} was under way and did not end`;
      tell({ id: row.id, what, ...(await whileMarkedDirty(board, because, act)) });
    }
  }
  const simulated = loaded.profile.provider !== "hardware";
  const file =
    args.text("output") ??
    `proofs/${loaded.profile.name}-${wallTime().toISOString().slice(0, 19).replaceAll(":", "-")}.json`;
  const record = {
    schema: 1,
    hil: ownVersion(),
    board: board.name,
    simulated,
    at: wallTime().toISOString(),
    rows: walked,
  };
  const path = resolve(io.cwd, file);
  makeFolder(dirname(path));
  replaceFileAt(path, `${JSON.stringify(record, undefined, 2)}\n`);
  if (json) io.out(`${JSON.stringify({ ...record, file })}\n`);
  else io.out(ending(walked, simulated, file) + (args.flag("by-hand") ? byHand(rows) : ""));
  return walked.some(({ outcome }) => outcome === "contradicted") ? EXIT.failed : EXIT.pass;
}

/** What may be done with it. */
function ending(walked: readonly Walked[], simulated: boolean, file: string): string {
  const shown = walked.filter(({ outcome }) => outcome === "shown");
  const lines = [`kept      ${file}`];
  if (simulated) lines.push("this board is simulated: nothing of it strikes a row of docs/unverified.md");
  else if (shown.length > 0)
    lines.push("these rows of docs/unverified.md may be struck, with this file as the reason:");
  return `${[...lines, ...(simulated ? [] : shown.map(({ what }) => `  - ${what}`))].join("\n")}\n`;
}

/** Rows that need an instrument, a look, or another bench. */
function byHand(rows: readonly UnverifiedRow[]): string {
  const left = rows.filter(({ what }) => PROOFS.every(({ page }) => !what.startsWith(page)));
  let section = "";
  const lines = left.flatMap((row) => {
    const head = row.section === section ? [] : ["", row.section];
    section = row.section;
    return [...head, `  - ${row.what}`, `    ${row.how}`];
  });
  return `\nby hand (${left.length} rows):\n${lines.join("\n")}\n`;
}
