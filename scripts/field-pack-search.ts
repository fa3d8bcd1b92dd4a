import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { loadProfile } from "../src/board/index.ts";
import { type Belief, gather, type Piece, readPiece, type SearchResult, searchSteps } from "../src/field/index.ts";
import { packFile } from "./field-pack.ts";

const CASE = z.strictObject({
  report: z.string(),
  say: z.string(),
  log: z.string(),
  list: z.string().optional(),
  answer: z.string(),
});

export type PackCase = z.output<typeof CASE>;

/** A case of cases/field. */
export function packCase(name: string): PackCase {
  return CASE.parse(parse(readFileSync(packFile(name), "utf8")));
}

/** What a customer would still send who sends half: the later half of the log without banners, and the sentence. */
export function halfOf({ report, say, log, answer }: PackCase): PackCase {
  const boots = log.split(/(?=^(?:I: Starting bootloader|\[[^\]]+\] <inf> mcuboot: Starting bootloader))/m);
  const kept = boots.slice(Math.floor(boots.length / 2)).join("");
  return {
    report,
    say,
    answer,
    log: kept
      .split("\n")
      .filter((line) => !line.startsWith("***"))
      .join("\n"),
  };
}

/** Searches what a case holds. */
export async function searchCase({ say, log, list }: PackCase): Promise<SearchResult> {
  const loaded = await loadProfile("twin", { cwd: process.cwd() });
  const belief: Belief = { loaded, told: false };
  const files = [{ name: "boot.log", text: log }, ...(list === undefined ? [] : [{ name: "list.txt", text: list }])];
  const pieces: Piece[] = [];
  for (const { name, text } of files) pieces.push(await readPiece(name, Buffer.from(text), belief, [loaded]));
  const steps = searchSteps(gather(pieces, [say], belief), { boots: Number.POSITIVE_INFINITY });
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  return next.value;
}

/** Where the right cause stands among all, from 1; 0: it is not there. Equal distance counts by the order of the list. */
export function rankOf({ candidates }: SearchResult, cause: string): number {
  return candidates.findIndex((candidate) => candidate.cause === cause) + 1;
}
