import { SHELL_GROUP } from "../groups/shell.ts";
import { shellWords } from "../packet/shell-words.ts";
import { SmpFault } from "./faults.ts";
import type { SmpHandlers } from "./server.ts";

const CODE = { tooLong: 2, empty: 3 } as const;
/** ENOEXEC: the shell cannot carry the line out. */
const NOT_RUN = -8;
/** What a command returns that has shown its help instead. */
const HELP_SHOWN = 1;
/** CONFIG_SHELL_CMD_BUFF_SIZE, less the byte that ends a text. */
const LINE_BYTES_MAX = 255;
/** CONFIG_SHELL_ARGC_MAX. */
const WORDS_MAX = 20;
const HELP = new Set(["-h", "--help"]);

/** A command of a shell: what it prints (without the last line end), or commands below it. */
interface ShellEntry {
  readonly help: string;
  readonly run?: (args: readonly string[]) => string;
  readonly sub?: ShellTree;
}
export type ShellTree = Readonly<Record<string, ShellEntry>>;

/**
 * The handler of group 9 as Zephyr's behaves: the words are joined by blanks and taken apart as on a terminal
 * (`shellWords`), and the shell says what it would say there, colours and all.
 * Source: Zephyr shell_mgmt.c, shell.c; measured on Zephyr 4.4.0 (peers/smp-groups.test.ts).
 */
export function shellHandlers(tree: ShellTree): SmpHandlers {
  return {
    shell: ({ argv }) => {
      const end = argv.findIndex((word) => typeof word !== "string");
      const words = (end < 0 ? argv : argv.slice(0, end)).filter((word) => typeof word === "string");
      if (words.length === 0) throw new SmpFault({ group: SHELL_GROUP, code: CODE.empty });
      const line = words.join(" ");
      if (Buffer.byteLength(line) > LINE_BYTES_MAX) throw new SmpFault({ group: SHELL_GROUP, code: CODE.tooLong });
      const { said, ret } = executed(line, tree);
      return { o: `\r\n${said}`, ret };
    },
  };
}

interface Said {
  readonly said: string;
  readonly ret: number;
}

const error = (text: string) => `\u001B[1;31m${text}\r\n\u001B[m`;

function executed(line: string, tree: ShellTree): Said {
  const { words, open } = shellWords(line);
  const [first] = words;
  const unterminated = open && error(`not terminated: ${open.mark}`);
  if (first === undefined) return { said: "", ret: NOT_RUN };
  if (open?.word === 0) return { said: unterminated ?? "", ret: NOT_RUN };
  const found = commandAt(words, tree);
  const unknown = found === undefined ? error(`${first}: command not found`) : "";
  const wantsHelp = words.slice(1).some((word) => HELP.has(word));
  if (words.length > WORDS_MAX)
    return { said: `${unknown}${error("Too many arguments in the command.\r\n")}`, ret: NOT_RUN };
  if (unterminated !== undefined) return { said: `${unknown}${unterminated}`, ret: NOT_RUN };
  if (found === undefined) {
    return { said: `${unknown}${wantsHelp ? error("Please specify a subcommand.") : ""}`, ret: NOT_RUN };
  }
  const { entry, name, args } = found;
  if (wantsHelp || entry.run === undefined) return { said: helpOf(name, entry), ret: HELP_SHOWN };
  return { said: `${entry.run(args)}\r\n`, ret: 0 };
}

/** The command that the words lead to, as far as they do. */
function commandAt(words: readonly string[], tree: ShellTree) {
  let found: { readonly entry: ShellEntry; readonly name: string; readonly args: readonly string[] } | undefined;
  let level: ShellTree | undefined = tree;
  for (const [at, name] of words.entries()) {
    const entry: ShellEntry | undefined = level && Object.hasOwn(level, name) ? level[name] : undefined;
    if (entry === undefined) break;
    found = { entry, name, args: words.slice(at + 1) };
    level = entry.sub;
  }
  return found;
}

function helpOf(name: string, { help, sub }: ShellEntry): string {
  if (sub === undefined) return `${name} - ${help}\r\n`;
  const width = Math.max(...Object.keys(sub).map((key) => key.length)) + 2;
  const lines = Object.entries(sub).map(([key, entry]) => `  ${key.padEnd(width)}: ${entry.help}\r\n`);
  return `${name} - ${help}\r\nSubcommands:\r\n${lines.join("")}`;
}
