import { readFileSync } from "node:fs";
import { fromHex } from "../../core/index.ts";

/** One captured packet; see dumps.txt. */
export interface Dump {
  readonly dump: number;
  /** ">" is from the client. */
  readonly way: ">" | "<";
  readonly packet: Uint8Array;
  /** Frame lines without marker and line feed. */
  readonly lines: readonly string[];
}

export const DUMPS: readonly Dump[] = readFileSync(new URL("./dumps.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [dump, way, packet = "", ...lines] = line.split(" ");
    return { dump: Number(dump), way: way === ">" ? ">" : "<", packet: fromHex(packet), lines };
  });

/** The n-th packet (from 0) of a dump, one way. */
export function dumped(dump: number, way: Dump["way"], index = 0): Uint8Array {
  const found = DUMPS.filter((row) => row.dump === dump && row.way === way)[index];
  if (!found) throw new RangeError(`no packet ${index} ${way} in dump ${dump}`);
  return found.packet;
}
