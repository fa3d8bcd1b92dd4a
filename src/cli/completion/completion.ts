import { builtInBoards } from "../../board/index.ts";
import { builtInScenarios } from "../../campaign/index.ts";
import { EXIT, UsageError } from "../../core/index.ts";
import { TWIN_FAULTS } from "../../twin/index.ts";
import { parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { commandTree, type RunHil } from "./command-tree.ts";
import { bashScript, fishScript, type KnownNames, zshScript } from "./scripts.ts";

/** What each shell is given, and where it looks for it. */
const SHELLS = {
  bash: { script: bashScript, put: "~/.local/share/bash-completion/completions/hil" },
  zsh: { script: zshScript, put: '"${fpath[1]}/_hil"' },
  fish: { script: fishScript, put: "~/.config/fish/completions/hil.fish" },
} as const;

const NAMES = Object.keys(SHELLS).join("|");

/** `hil completion SHELL`: the script that completes commands, options, profiles and scenarios in that shell. */
export async function completionCommand(argv: readonly string[], io: CliIo, run: RunHil): Promise<number> {
  const where = Object.entries(SHELLS).map(([name, { put }]) => `  hil completion ${name.padEnd(4)} > ${put}`);
  const args = parseArguments(io, argv, `hil completion <${NAMES}>\n\n${where.join("\n")}`, {}, 1);
  if (!args) return EXIT.pass;
  const [name] = args.positional;
  const shell = Object.entries(SHELLS).find(([known]) => known === name)?.[1];
  if (shell === undefined) {
    throw new UsageError(name === undefined ? "which shell?" : `no completion for "${name}".`, `Say one of ${NAMES}.`);
  }
  const scenarios = builtInScenarios();
  const known: KnownNames = {
    options: { board: builtInBoards(), fault: TWIN_FAULTS.map((fault) => fault.name) },
    words: { run: scenarios, sweep: scenarios, submit: scenarios },
  };
  io.out(shell.script(await commandTree(run), known));
  return EXIT.pass;
}
