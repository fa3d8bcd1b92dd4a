import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ConfigurationError, hasCode, messageOf, parseValue } from "../core/index.ts";
import type { RunRequest } from "./run.ts";
import type { ImageFacts, PlannedCut } from "./run-event.ts";

const nextCut = z.union([z.strictObject({ operation: z.number() }), z.strictObject({ share: z.number() })]);
const ofEvery = { index: z.int(), following: z.array(nextCut).readonly().optional() };
const plannedCut = z.discriminatedUnion("kind", [
  z.strictObject({ ...ofEvery, kind: z.literal("time"), afterResetUs: z.int() }),
  z.strictObject({ ...ofEvery, kind: z.literal("log"), pattern: z.string(), delayUs: z.int() }),
  z.strictObject({ ...ofEvery, kind: z.literal("operation"), operation: z.number() }),
  z.strictObject({ ...ofEvery, kind: z.literal("upload"), bytes: z.int(), delayUs: z.int() }),
  z.strictObject({ ...ofEvery, kind: z.literal("smp"), after: z.literal("request"), delayUs: z.int() }),
  z.strictObject({
    ...ofEvery,
    kind: z.literal("current"),
    edge: z.enum(["rise", "fall"]),
    microamps: z.number(),
    forUs: z.int(),
    delayUs: z.int(),
  }),
]);

/** What it takes to run a campaign again: no paths, no times of day. */
export const REPLAY_SCHEMA = z.strictObject({
  schema: z.literal(1),
  seed: z.int(),
  /** YAML texts as they were, under the names that errors give them. */
  scenario: z.strictObject({ name: z.string(), text: z.string() }),
  profile: z.strictObject({ name: z.string(), text: z.string() }),
  /** Hashes of the images, to know whether a replay runs the same firmware. */
  images: z.array(z.strictObject({ role: z.enum(["old", "new"]), version: z.string(), hash: z.string() })),
  /** Faults of the twin that were switched on besides the profile's. */
  faults: z.array(z.string()),
  /** Null: the run ended before its cuts were planned. */
  cuts: z.array(plannedCut).nullable(),
  start_with: z.enum(["old", "new"]),
});

export type Replay = z.output<typeof REPLAY_SCHEMA>;

/** The replay document of a run. */
export function replayOf(
  request: RunRequest,
  images: readonly ImageFacts[],
  cuts: readonly PlannedCut[] | undefined,
): Replay {
  return {
    schema: 1,
    seed: request.seed,
    scenario: { name: request.scenario.value.name, text: request.scenario.text },
    profile: { name: request.board.profile.name, text: request.board.text },
    images: images.map(({ role, version, hash }) => ({ role, version, hash })),
    faults: [...(request.faults ?? [])],
    cuts: cuts === undefined ? null : [...cuts],
    start_with: request.startWith ?? "new",
  };
}

/** A replay, and where its files were when it was recorded (of a run folder; a bare file does not know). */
export interface LoadedReplay {
  readonly replay: Replay;
  readonly scenarioFile: string | undefined;
  readonly profileFile: string | undefined;
  /** Cuts as they were made, with the image that ran before each: what `--cut N` picks from. */
  readonly made: readonly { readonly planned: PlannedCut; readonly from: string }[];
}

/**
 * Reads a replay: a run folder, or a replay.json.
 * @throws ConfigurationError when there is none, or it cannot be understood.
 */
export function loadReplay(reference: string): LoadedReplay {
  const isFolder = existsSync(reference) && statSync(reference).isDirectory();
  const file = isFolder ? join(reference, "replay.json") : reference;
  const replay = parseValue(readJson(file), REPLAY_SCHEMA, file);
  // A replay.json that lies in its record has the record's other files beside it.
  const folder = dirname(file);
  const inRecord = isFolder || (basename(file) === "replay.json" && existsSync(join(folder, "events.jsonl")));
  if (!inRecord) return { replay, scenarioFile: undefined, profileFile: undefined, made: [] };
  const host = existsSync(join(folder, "host.json")) ? readJson(join(folder, "host.json")) : {};
  return {
    replay,
    scenarioFile: textField(host, "scenario"),
    profileFile: textField(host, "profile"),
    made: cutsMade(join(folder, "events.jsonl")),
  };
}

/** What a replay runs that is not what was recorded: one sentence an image. The hash is over header and firmware. */
export function imageDifferences(recorded: Replay["images"], built: readonly ImageFacts[]): readonly string[] {
  return recorded.flatMap(({ role, version, hash }) => {
    const now = built.find((image) => image.role === role);
    if (now === undefined || now.hash === hash) return [];
    const versions = now.version === version ? version : `${version}, now ${now.version}`;
    const hashes = `recorded ${hash.slice(0, 12)}…, now ${now.hash.slice(0, 12)}…`;
    return [`the ${role} image is not the recorded one (${versions}; hash ${hashes}): another firmware is replayed`];
  });
}

const CUT_STARTED = z.object({ event: z.literal("cut-started"), planned: plannedCut, from: z.string() });

/** Every cut of a record, in order. A record of a killed run may end in half a line. */
function cutsMade(file: string): LoadedReplay["made"] {
  if (!existsSync(file)) return [];
  const made: { planned: PlannedCut; from: string }[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.includes('"cut-started"')) continue;
    try {
      const entry = CUT_STARTED.safeParse(JSON.parse(line));
      if (entry.success) made.push({ planned: entry.data.planned, from: entry.data.from });
    } catch {
      // Half a line: the run was killed while it wrote it.
    }
  }
  return made;
}

function textField(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof field === "string" ? field : undefined;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const what = hasCode(error, "ENOENT") ? "there is no such run or replay file" : messageOf(error);
    throw new ConfigurationError(`${file}: ${what}.`, "Name a run folder, or the replay.json in it.", { cause: error });
  }
}
