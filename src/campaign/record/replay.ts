import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { keptProfileText, type LoadedProfile } from "../../board/index.ts";
import {
  ConfigurationError,
  defined,
  eachLine,
  entryAt,
  hasCode,
  jsonIn,
  parseJson,
  parseValue,
  readInputText,
  whyUnreadable,
} from "../../core/index.ts";
import { PLANNED_CUT_SCHEMA, type PlannedCut } from "./cut-moment.ts";
import type { ImageSummary } from "./facts.ts";
import { KEPT_SCHEMA, type keptOf } from "./kept.ts";
import { KEY_FACTS_SCHEMA, keyFacts } from "./kept-keys.ts";

/** More of a list is refused before any of it is looked at: a complaint about each of a million items takes a minute. */
const few = <S extends z.ZodType>(of: S, most: number) => z.array(z.unknown()).max(most).pipe(z.array(of));
const CUTS_MAX = 20_000;
/** So many cuts, with a scenario and a profile. */
const REPLAY_BYTES_MAX = 4 * 1024 * 1024;

/** What it takes to run a campaign again: no paths, no times of day. */
const REPLAY_SCHEMA = z.strictObject({
  schema: z.literal(1),
  seed: z.int(),
  /** YAML texts as they were, under the names that errors give them. */
  scenario: z.strictObject({ name: z.string(), text: z.string() }),
  profile: z.strictObject({ name: z.string(), text: z.string() }),
  /** Hashes of the images, to know whether a replay runs the same firmware. */
  images: few(
    z.strictObject({
      role: z.enum(["old", "new"]),
      /** Absent of an image of the application. */
      core: z.literal("network").optional(),
      version: z.string(),
      hash: z.string(),
    }),
    8,
  ),
  /** The same byte for byte, in the record's folder. */
  inputs: few(KEPT_SCHEMA, 16).optional(),
  /** Keys that are not on every machine. A record never holds a private one. */
  keys: few(KEY_FACTS_SCHEMA, 8).optional(),
  /** Faults of the twin that were switched on besides the profile's. */
  faults: few(z.string(), 100),
  /** Null: the run ended before its cuts were planned. */
  cuts: few(PLANNED_CUT_SCHEMA, CUTS_MAX).nullable(),
  start_with: z.enum(["old", "new"]),
  /** What would end the run before its last cut. */
  limits: z
    .strictObject({
      fail_fast: z.boolean(),
      max_duration_ms: z.number().nullable(),
      max_wear: z.int().nullable(),
      allow_incomplete: z.boolean(),
    })
    .optional(),
});

export type Replay = z.output<typeof REPLAY_SCHEMA>;

/** What of a request its replay keeps. */
interface Replayable {
  readonly scenario: {
    readonly text: string;
    readonly value: { readonly name: string; readonly allow_incomplete: boolean };
  };
  readonly board: LoadedProfile;
  readonly seed: number;
  readonly faults?: readonly string[] | undefined;
  readonly startWith?: "old" | "new" | undefined;
  readonly failFast: boolean;
  readonly maxDurationMs?: number | undefined;
  readonly maxWear?: number | undefined;
  readonly allowIncomplete?: boolean | undefined;
}

/** The replay document of a run. */
export function replayOf(
  request: Replayable,
  images: readonly ImageSummary[],
  cuts: readonly PlannedCut[] | undefined,
  inputs: ReturnType<typeof keptOf> = [],
): Replay {
  return {
    schema: 1,
    seed: request.seed,
    scenario: { name: request.scenario.value.name, text: request.scenario.text },
    profile: { name: request.board.profile.name, text: keptProfileText(request.board) },
    images: images.map(({ role, core, version, hash }) => ({ role, ...defined({ core }), version, hash })),
    inputs: inputs.map(({ kept }) => kept),
    keys: keyFacts(request.board),
    faults: [...(request.faults ?? [])],
    cuts: cuts === undefined ? null : [...cuts],
    start_with: request.startWith ?? "new",
    limits: {
      fail_fast: request.failFast,
      max_duration_ms: request.maxDurationMs ?? null,
      max_wear: request.maxWear ?? null,
      allow_incomplete: request.allowIncomplete ?? request.scenario.value.allow_incomplete,
    },
  };
}

/** A replay, and the record that it lies in. */
export interface LoadedReplay {
  readonly replay: Replay;
  /** The record's folder; undefined for a replay.json that was sent alone. */
  readonly folder: string | undefined;
  /** Cuts as they were made, with the image that ran before each: what `--cut N` picks from. Looked for when it is read. */
  readonly made: readonly { readonly planned: PlannedCut; readonly from: string }[];
}

/**
 * Reads a replay: a run folder, or a replay.json.
 * @throws ConfigurationError when there is none, or it cannot be understood.
 */
export function loadReplay(reference: string): LoadedReplay {
  const isFolder = entryAt(reference)?.isDirectory() ?? false;
  const file = isFolder ? join(reference, "replay.json") : reference;
  const replay = parseValue(readJson(file), REPLAY_SCHEMA, file);
  // A replay.json that lies in its record has the record's other files beside it.
  const folder = dirname(file);
  const inRecord = isFolder || (basename(file) === "replay.json" && existsSync(join(folder, "events.jsonl")));
  // host.json is not read: whoever sends a record must not choose paths on this machine.
  if (!inRecord) return { replay, folder: undefined, made: [] };
  let made: LoadedReplay["made"] | undefined;
  return {
    replay,
    folder,
    // A night's events are long, and hardly anybody asks.
    get made() {
      made ??= cutsMade(join(folder, "events.jsonl"));
      return made;
    },
  };
}

/** What a replay runs that is not what was recorded: one sentence an image. The hash is over header and firmware. */
export function imageDifferences(recorded: Replay["images"], built: readonly ImageSummary[]): readonly string[] {
  return recorded.flatMap(({ role, core, version, hash }) => {
    const now = built.find((image) => image.role === role && image.core === core);
    if (now === undefined || now.hash === hash) return [];
    const versions = now.version === version ? version : `${version}, now ${now.version}`;
    const hashes = `recorded ${hash.slice(0, 12)}…, now ${now.hash.slice(0, 12)}…`;
    const name = core === undefined ? role : `network core's ${role}`;
    return [`the ${name} image is not the recorded one (${versions}; hash ${hashes}): another firmware is replayed`];
  });
}

const CUT_STARTED = z.object({ event: z.literal("cut-started"), planned: PLANNED_CUT_SCHEMA, from: z.string() });

/** After so many lines that are no events a record is noise, and what follows is not looked at. */
const NOISE_MAX = 10_000;
/** A bench that fails makes a cut again. */
const MADE_MAX = 5 * CUTS_MAX;

/** Every cut of a record, in order. A record of a killed run may end in half a line, and a stranger's may be anything. */
function cutsMade(file: string): LoadedReplay["made"] {
  if (!existsSync(file)) return [];
  const made: { planned: PlannedCut; from: string }[] = [];
  let noise = 0;
  eachLine(file, (line) => {
    const isNamed = line.includes('"cut-started"');
    const { data } = isNamed ? CUT_STARTED.safeParse(jsonIn(line)) : {};
    if (data !== undefined) made.push({ planned: data.planned, from: data.from });
    else if (isNamed || !line.startsWith("{")) noise += 1;
    return noise < NOISE_MAX && made.length < MADE_MAX;
  });
  return made;
}

function readJson(file: string): unknown {
  try {
    return parseJson(readInputText(file, REPLAY_BYTES_MAX));
  } catch (error) {
    // The parser's own text quotes the file, which may be anything.
    const unread = hasCode(error, "ENOENT") ? "there is no such run or replay file" : whyUnreadable(error);
    const what = error instanceof SyntaxError ? "this is no JSON, or not all of it" : unread;
    throw new ConfigurationError(`${file}: ${what}.`, "Name a run folder, or the replay.json in it.", { cause: error });
  }
}
