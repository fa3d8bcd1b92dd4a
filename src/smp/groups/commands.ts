import type { CommandRow } from "../packet/command.ts";
import { OP } from "../packet/header.ts";
import type { Fields } from "../packet/shape.ts";
import * as enumeration from "./enumeration.ts";
import * as files from "./file-system.ts";
import * as image from "./image.ts";
import * as os from "./os.ts";
import * as settings from "./settings.ts";
import * as shell from "./shell.ts";
import * as statistics from "./statistics.ts";
import * as basic from "./zephyr-basic.ts";

/** The exports of a group's file that are rows of commands. */
type RowsOf<M> = { readonly [K in keyof M as M[K] extends { request: Fields; response: Fields } ? K : never]: M[K] };

/** The rows of a group's file, by the number of their command. */
function rowsOf<M extends object>(group: M): RowsOf<M> {
  const isRow = (value: unknown): value is CommandRow =>
    typeof value === "object" && value !== null && "request" in value && "response" in value;
  const rows = Object.entries(group).filter((entry): entry is [string, CommandRow] => isRow(entry[1]));
  const order = ({ id, op }: CommandRow) => 2 * id + (op === "write" ? 1 : 0);
  return Object.fromEntries(rows.toSorted(([, a], [, b]) => order(a) - order(b))) as RowsOf<M>;
}

/**
 * Every command we know, by the name under which its group's file exports it: handlers of a server use that name. A row
 * that is exported there is a command of the client, of `hil smp` and of docs/commands.md.
 */
export const COMMANDS = {
  ...rowsOf(os),
  ...rowsOf(image),
  ...rowsOf(statistics),
  ...rowsOf(settings),
  ...rowsOf(files),
  ...rowsOf(shell),
  ...rowsOf(enumeration),
  ...rowsOf(basic),
} as const;

export type CommandKey = keyof typeof COMMANDS;

/** The command that a request's header means, with its key; undefined when there is none. */
export function commandOf(header: {
  op: number;
  group: number;
  id: number;
}): { key: CommandKey; row: CommandRow } | undefined {
  for (const [key, row] of Object.entries(COMMANDS)) {
    if (row.group !== header.group || row.id !== header.id) continue;
    const read = header.op === OP.read && row.op !== "write";
    const write = header.op === OP.write && row.op !== "read";
    if (read || write) return { key: key as CommandKey, row: row as unknown as CommandRow };
  }
  return undefined;
}
