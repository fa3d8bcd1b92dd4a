import { dirname } from "node:path";
import { reachOf } from "../../board/index.ts";
import { namedFiles } from "../../campaign/index.ts";
import {
  ConfigurationError,
  EXIT,
  hasCode,
  messageOf,
  parseJson,
  parseValue,
  readInputText,
} from "../../core/index.ts";
import {
  type Cause,
  type ImageEntry,
  judgeContent,
  resultText,
  type UpgradeSwept,
  type Walked,
  walkPath,
} from "../../mcuboot/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { requestOf, SWEEP_REPLAY_SCHEMA, type SweepReplay, upgradeOf } from "./request.ts";

/** One finding, with the way to it. */
const SWEEP_BYTES_MAX = 4 * 1024 * 1024;

/** True for a file that a sweep wrote. What cannot be read is not one. */
export function isSweepReplay(file: string): boolean {
  try {
    const value: unknown = parseJson(readInputText(file, SWEEP_BYTES_MAX));
    return typeof value === "object" && value !== null && "kind" in value && value.kind === "sweep";
  } catch {
    return false;
  }
}

interface ReplayOptions {
  /** Every operation and log line, too. */
  readonly trace: boolean;
  /** One document, and nothing else. */
  readonly json: boolean;
  /** Told which files of this machine the replay's texts name, before any is read. @throws to refuse. */
  readonly admit: (files: readonly string[]) => void;
}

/**
 * Walks the way of a finding again, leg by leg, and says what each boot did.
 * @returns 1: what was found is there again; 0: it is not.
 * @throws ConfigurationError when the file cannot be understood.
 */
export async function replaySweep(file: string, { trace, json, admit }: ReplayOptions, io: CliIo): Promise<number> {
  const replay = parseValue(readJson(file), SWEEP_REPLAY_SCHEMA, file);
  const request = requestOf(replay, dirname(file));
  admit(reachOf(request.board, namedFiles(request.scenario)).files);
  const upgrade = await upgradeOf(request);
  const { finding } = replay;
  const say = (text: string) => {
    if (!json) io.out(`${text}\n`);
  };
  say(`finding   ${finding.class}${finding.known === null ? "" : `, known defect ${finding.known}`}`);
  let boots = 0;
  const legs: { readonly name: string; readonly leg: Walked }[] = [];
  for (const leg of walkPath(upgrade, replay.path as readonly Cause[])) {
    if (leg.what === "boot") boots += 1;
    const name = leg.what === "boot" ? `boot ${boots}` : "request";
    legs.push({ name, leg });
    say(`${name.padEnd(10)}${legText(leg)}`);
    if (trace) for (const line of traceOf(leg)) say(`          ${line}`);
  }
  const again = isFoundAgain(
    replay,
    upgrade,
    legs.map(({ leg }) => leg),
  );
  say(`verdict   ${again ? `FAIL  again: ${finding.shows}` : "PASS  not what was found"}`);
  if (json) {
    const told = legs.map(({ name, leg }) => ({ name, text: legText(leg), ...(trace ? { trace: traceOf(leg) } : {}) }));
    io.out(`${JSON.stringify({ schema: 1, finding, again, legs: told }, undefined, 2)}\n`);
  }
  return again ? EXIT.failed : EXIT.pass;
}

/** What was found is found again by the same rules: at the end of the way, or for a leak on it. */
function isFoundAgain({ finding }: SweepReplay, upgrade: UpgradeSwept, legs: readonly Walked[]): boolean {
  if (finding.class === "leak") return legs.some((leg) => leg.leaks.length > 0);
  const before = legs.at(-2);
  if (before === undefined) return false;
  return judgeContent(upgrade, before.flash, finding.stage).some((found) => found.class === finding.class);
}

function legText({ operations, cut, result, images, leaks }: Walked): string {
  const open = leaks.length === 0 ? "" : `; open: ${leaks.map(({ what, where }) => `${what} in ${where}`).join(", ")}`;
  if (cut !== undefined) {
    const how = cut.torn === undefined ? "before" : `inside (${JSON.stringify(cut.torn)})`;
    return `cut ${how} operation ${cut.operation}: ${operations.at(-1) ?? "after its last one"}${open}`;
  }
  return `${operations.length} operations; ${result === undefined ? "done" : resultText(result)}; ${imagesText(images)}${open}`;
}

function imagesText(images: readonly ImageEntry[]): string {
  const text = images.map((entry) => {
    const flags = (["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]);
    return `slot ${entry.slot} ${entry.version}${flags.length === 0 ? "" : ` (${flags.join(", ")})`}`;
  });
  return text.length === 0 ? "no image" : text.join(", ");
}

function traceOf({ operations, log, cut }: Walked): readonly string[] {
  const marked = operations.map(
    (text, at) => `${String(at).padStart(5)}  ${text}${cut?.operation === at ? "   <- cut" : ""}`,
  );
  return [...log.map((line) => `${line.level} ${line.text}`.trim()), ...marked];
}

function readJson(file: string): unknown {
  try {
    return parseJson(readInputText(file));
  } catch (error) {
    const what = hasCode(error, "ENOENT") ? "there is no such file" : messageOf(error);
    throw new ConfigurationError(`${file}: ${what}.`, "Name a replay file that hil sweep wrote.", { cause: error });
  }
}
