import { join, relative } from "node:path";
import { discoverBoards, type FoundBoard, type FoundProfile, findProfile, profileFiles } from "../../board/index.ts";
import { EXIT } from "../../core/index.ts";
import { listPorts } from "../../serial/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

const OPTIONS = {
  boards: { type: "string", describe: "folder of the profiles", default: "boards" },
  json: { type: "boolean", describe: "print one line of JSON" },
} as const satisfies OptionRows;

/** `hil board list`: what is plugged in, by J-Link, and which profiles are connected. Nothing is opened. */
export async function boardListCommand(argv: readonly string[], io: CliIo, ports = listPorts): Promise<number> {
  const args = parseArguments(io, argv, "hil board list [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const folder = args.text("boards") ?? "boards";
  const there = await ports();
  const boards = discoverBoards(there);
  const files = profileFiles(join(io.cwd, folder));
  const profiles = await Promise.all(files.map((file) => findProfile(file, there)));
  const named = profiles.map((profile) => ({ ...profile, file: relative(io.cwd, profile.file) }));
  if (args.flag("json")) io.out(`${JSON.stringify({ schema: 1, boards, profiles: named })}\n`);
  else io.out(boardsText(boards, named, folder));
  return EXIT.pass;
}

/** The list for people. */
function boardsText(boards: readonly FoundBoard[], profiles: readonly FoundProfile[], folder: string): string {
  const lines: string[] = [];
  for (const board of boards) {
    const owners = profiles.filter(({ serial }) => serial === board.serial).map(({ name }) => name);
    const whose = owners.length === 0 ? "no profile" : owners.join(", ");
    const dk = board.dk === undefined ? (board.product ?? "J-Link") : `nRF5340-DK ${board.dk}`;
    lines.push(`J-Link ${board.serial}  ${dk}  ${whose}`);
    for (const port of board.ports) lines.push(`  VCOM${port.vcom}  ${(port.core ?? "?").padEnd(13)}  ${port.path}`);
    for (const doubt of board.doubts) lines.push(`  ${doubt}`);
  }
  if (boards.length === 0)
    lines.push("No J-Link with serial ports is plugged in. (`hil ports` lists every serial port.)");
  lines.push("");
  if (profiles.length === 0) lines.push(`No profile in ${folder}/: \`hil init\` writes one.`);
  const width = Math.max(0, ...profiles.map(({ file }) => file.length));
  for (const profile of profiles) lines.push(`${profile.file.padEnd(width)}  ${stateOf(profile)}`);
  return `${lines.join("\n")}\n`;
}

function stateOf({ provider, missing, fault }: FoundProfile): string {
  if (fault !== undefined) return `cannot be used: ${fault.split("\n")[0]}`;
  if (provider !== "hardware") return `simulated (${provider})`;
  return missing.length === 0 ? "connected" : `not connected: no ${missing.join(", no ")}`;
}
