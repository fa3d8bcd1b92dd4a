import { command } from "../packet/command.ts";
import { any, int, list, optional, text } from "../packet/shape.ts";

/** Group 9: the shell. Source: Zephyr documentation, SMP group 9. */
export const SHELL_GROUP = 9;

/** Not repeated: a command may do something. `rc` is what servers before Zephyr 3.3 call `ret`; not 0 is a refusal. */
export const shell = command({
  name: "shell",
  group: SHELL_GROUP,
  id: 0,
  op: "write",
  /** Text; what follows an item that is none is not looked at. */
  request: { argv: list(any) },
  response: { o: text, ret: optional(int) },
  retries: 0,
  timeoutMs: 10_000,
  source: "Zephyr smp_group_9.rst",
});
