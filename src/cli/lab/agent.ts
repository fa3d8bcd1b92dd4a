import { resolve } from "node:path";
import { loadProfile, locksFolder, profileFiles } from "../../board/index.ts";
import { EXIT, RealClock, UsageError } from "../../core/index.ts";
import { Agent, HostBoards, type LabClient, openAgentFolder, requireLabNode } from "../../lab/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { labOf } from "./connection.ts";

/** Options that say which boards a host brings into a lab. */
export const BOARD_OPTIONS = {
  board: { type: "string", describe: "profile of a board of this host (repeatable)" },
  boards: { type: "string", describe: "folder of profiles: all of them" },
  tag: { type: "string", describe: "a tag that all these boards have, besides those of their profiles (repeatable)" },
} as const satisfies OptionRows;

const OPTIONS = {
  lab: { type: "string", describe: "address of the lab (default: HIL_LAB); its token is in HIL_LAB_TOKEN" },
  ...BOARD_OPTIONS,
  data: { type: "string", describe: "folder for what waits for the lab: records of runs", default: "hil-agent" },
} as const satisfies OptionRows;

/** `hil agent --lab URL --board PROFILE …`: the boards of this host do a lab's work, until Ctrl-C or SIGTERM. */
export async function agentCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil agent [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const boards = await hostBoards(args, io, []);
  requireLabNode();
  await runAgent(labOf(args, io), boards, resolve(io.cwd, args.text("data") ?? "hil-agent"), io);
  return EXIT.pass;
}

/** Works for a lab until the signal. */
export async function runAgent(lab: LabClient, boards: HostBoards, folder: string, io: CliIo): Promise<void> {
  const [script = ""] = process.argv.slice(1);
  const program = [process.execPath, ...process.execArgv, script] as const;
  const note = (text: string) => io.err(`hil: ${text}\n`);
  const { release, ...own } = openAgentFolder(folder, locksFolder({ ...process.env, ...io.env }));
  try {
    const agent = new Agent({ lab, boards, folder, ...own, program: [...program], clock: new RealClock(), note });
    await agent.run(io.signal);
  } finally {
    release();
  }
}

/**
 * The boards of the command line.
 * @param otherwise profiles where it names none.
 * @throws UsageError where there are none; ConfigurationError for a profile that is wrong.
 */
export async function hostBoards(args: Parsed, io: CliIo, otherwise: readonly string[]): Promise<HostBoards> {
  const folder = args.text("boards");
  const inFolder = folder === undefined ? [] : profileFiles(resolve(io.cwd, folder));
  const given = [...args.texts("board"), ...inFolder];
  const names = given.length > 0 ? given : otherwise;
  if (names.length === 0)
    throw new UsageError("hil agent wants the boards of this host.", "--board PROFILE, or --boards DIR.");
  for (const tag of args.texts("tag")) {
    if (!/^[\w.:+-]{1,60}$/.test(tag))
      throw new UsageError(`--tag "${tag}" is no tag.`, "Letters, digits, and . : + - _");
  }
  const profiles = await Promise.all(names.map((name) => loadProfile(name, { cwd: io.cwd })));
  return new HostBoards(profiles, args.texts("tag"), locksFolder({ ...process.env, ...io.env }));
}
