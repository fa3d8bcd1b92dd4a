import { command } from "../packet/command.ts";
import { any } from "../packet/shape.ts";

/** A command of an application's own group, or one that is too new for our tables: any fields, any answer. */
export function customCommand(row: { readonly group: number; readonly id: number; readonly op: "read" | "write" }) {
  return command({
    ...row,
    name: `command ${row.id} of group ${row.group}`,
    request: { "*": any },
    response: { "*": any },
    retries: 0,
    source: "the application",
  });
}
