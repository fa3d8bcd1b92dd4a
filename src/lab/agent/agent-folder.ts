import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../board/index.ts";
import { freeBytesOf, replaceFileAt } from "../../core/index.ts";

/** The folder of an agent that runs. */
interface AgentFolder {
  /** The same for whoever works with this folder, one after the other: a lab tells two of one token apart by it. */
  readonly instance: string;
  /** What its disk has left, in bytes. */
  readonly freeBytes: () => number;
  readonly release: () => void;
}

/**
 * Takes an agent's folder: two that share one would take each other's runs for those that an earlier one left.
 * @param locks folder of this machine's locks.
 * @throws BenchError where another agent has it; what the system says.
 */
export function openAgentFolder(folder: string, locks: string): AgentFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = `agent ${realpathSync(folder)}`;
  const lock = takeLock({ kind: "lab", id, name: `the agent's folder ${folder}` }, "an agent", locks);
  const file = join(folder, "instance");
  const known = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  const instance = /^[0-9a-f-]{36}$/.test(known) ? known : randomUUID();
  try {
    if (instance !== known) replaceFileAt(file, `${instance}\n`);
  } catch (error) {
    lock.release();
    throw error;
  }
  return { instance, freeBytes: () => freeBytesOf(folder), release: () => lock.release() };
}
