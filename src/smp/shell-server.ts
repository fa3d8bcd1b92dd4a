import { SmpFault } from "./faults.ts";
import { SHELL_GROUP } from "./groups/shell.ts";
import type { SmpHandlers } from "./server.ts";

const EMPTY_COMMAND = 3;
/** ENOEXEC: the shell knows no such command. */
const NOT_FOUND = -8;

/** A shell's command: what it prints (without line ends of its own), by its words. */
export type ShellCommand = (line: string) => string | undefined;

/**
 * The handler of group 9 as Zephyr's behaves: the words are joined by blanks, and the shell says what it would say on
 * its terminal, colours and all.
 * @param run what a command prints; undefined when there is none of that name.
 * Source: Zephyr shell_mgmt.c; measured on Zephyr 4.4.0.
 */
export function shellHandlers(run: ShellCommand): SmpHandlers {
  return {
    shell: ({ argv }) => {
      const end = argv.findIndex((word) => typeof word !== "string");
      const words = (end < 0 ? argv : argv.slice(0, end)).filter((word) => typeof word === "string");
      if (words.length === 0) throw new SmpFault({ group: SHELL_GROUP, code: EMPTY_COMMAND });
      const line = words.join(" ");
      if (line === "") return { o: "\r\n", ret: NOT_FOUND };
      const said = run(line);
      if (said !== undefined) return { o: `\r\n${said}\r\n`, ret: 0 };
      const [word = ""] = line.split(" ");
      return { o: `\r\n\u001B[1;31m${word}: command not found\r\n\u001B[m`, ret: NOT_FOUND };
    },
  };
}
