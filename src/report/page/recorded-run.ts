import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { RECORD_SCHEMA, type RunResult } from "../../campaign/index.ts";
import {
  ConfigurationError,
  defined,
  EVENT_CHARS_MAX,
  eachLine,
  hasCode,
  parseJson,
  readInput,
  readInputText,
  terminalText,
} from "../../core/index.ts";
import { verdictText } from "../summary.ts";
import { BesideEvents } from "./beside-events.ts";
import { JudgedRows } from "./judged-rows.ts";
import { LinesTaken } from "./lines-taken.ts";
import type { ReadResult } from "./recorded-event.ts";
import type { RunPage } from "./run-page.ts";
import { ShownFacts } from "./shown.ts";
import { TextTable } from "./text-table.ts";

const DOCUMENT_BYTES_MAX = 1024 * 1024;
/** Inputs whose digest is told: a run has two images, or four. */
const INPUTS_MAX = 64;

const RUN = z.object({
  schema: z.number().optional(),
  hil: z.string().max(100).optional(),
  state: z.string().max(20).optional(),
});
const HOST = z.object({
  host: z.string().optional(),
  node: z.string().optional(),
  platform: z.string().optional(),
  began: z.string().optional(),
  ended: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** What the events of a run say, and its small documents: the page without its files, lines and current. */
export type RunTold = Omit<RunPage, "inputs" | "current" | "flashWear" | "model">;

/**
 * Reads the folder of a run as the page shows it. The record may be a stranger's, or of a run that was killed or still
 * goes on: a line that cannot be read is counted and passed over, and nothing in it is obeyed.
 * @param folder as a command may name it again.
 * @param path the folder itself.
 * @param model its layer of the cut map; default: none, and nothing is said about it.
 * @throws ConfigurationError when it is no record of a run.
 */
export function recordedRun(folder: string, path: string, model?: RunPage["model"]): RunPage {
  using beside = new BesideEvents(path);
  const told = toldRun(folder, path, { beside });
  const { current, flashWear } = beside.ofTheRun();
  return { ...told, inputs: inputsOf(path), current, flashWear, model };
}

/** Events around verdicts, by the beginning of their lines as hil writes them: most of a record, and no history's matter. */
const AROUND_VERDICTS =
  /^\{"atUs":\d+,"event":"(?:boot-log|boot-seen|cut|cut-started|image-state|power|preflight|reset|upload-progress)"/;

interface TellOptions {
  /** SMP, current and flash; default: nothing of it is told. */
  readonly beside?: BesideEvents;
  /** A history asks for verdicts and times alone, and reads some thousand records for them. */
  readonly verdictsOnly?: boolean;
}

/**
 * The same of its events alone: what a history of thousands of runs needs, which reads no image.
 */
export function toldRun(folder: string, path: string, { beside, verdictsOnly = false }: TellOptions = {}): RunTold {
  const texts = new TextTable();
  const taken = new LinesTaken();
  const rows = new JudgedRows(texts, () => !verdictsOnly);
  const shown = new ShownFacts();
  let events = 0;
  eachEventLine(path, (line) => {
    if (line === "" || (verdictsOnly && AROUND_VERDICTS.test(line))) return true;
    const event = taken.take(line, { short: verdictsOnly });
    if (event === undefined) return !taken.isOver;
    events += 1;
    beside?.tell(event, rows);
    rows.take(event);
    shown.take(event);
    return true;
  });
  if (events === 0) {
    throw new ConfigurationError(`${folder}: no event in its events.jsonl can be read.`, "Name the folder of a run.");
  }
  const run = verdictsOnly ? undefined : document(path, "run.json", RUN);
  return {
    id: terminalText(basename(path)),
    folder: terminalText(folder),
    ...shown.page(),
    outcome: shown.result?.outcome ?? "unfinished",
    sentence: shown.result === undefined ? unfinishedText(rows.rows.length) : verdictText(resultOf(shown.result)),
    facts: factsOf(run, document(path, "host.json", HOST)),
    texts: texts.texts,
    judged: rows.rows,
    leftOut: leftOutOf(run, taken.texts(beside?.taken)),
  };
}

/** What a page lacks of its record. Source: docs/record.md, "Records of other versions". */
function leftOutOf(run: z.output<typeof RUN> | undefined, taken: readonly string[]): readonly string[] {
  const { schema = RECORD_SCHEMA, hil = "a later version" } = run ?? {};
  const told = `This record has schema ${schema}, written by hil ${terminalText(hil)}; this hil reads ${RECORD_SCHEMA}`;
  return [...(schema > RECORD_SCHEMA ? [`${told}: what is new in it is not shown.`] : []), ...taken];
}

function unfinishedText(judged: number): string {
  return `UNFINISHED no last event: the run goes on, or was killed; ${judged} verdicts so far`;
}

function resultOf(read: ReadResult): RunResult {
  return defined(read);
}

function eachEventLine(path: string, take: (line: string) => boolean): void {
  try {
    eachLine(join(path, "events.jsonl"), take, EVENT_CHARS_MAX);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    const hint = "Name the folder of a run: it lies in runs/, and has a run.json.";
    throw new ConfigurationError(`${path} is no record of a run: it has no events.jsonl.`, hint, { cause: error });
  }
}

/** A small document of the record; what cannot be read, or is not there, is empty. */
function document<S extends z.ZodType>(path: string, name: string, schema: S): z.output<S> | undefined {
  try {
    return schema.safeParse(parseJson(readInputText(join(path, name), DOCUMENT_BYTES_MAX))).data;
  } catch {
    return undefined;
  }
}

function factsOf(run: z.output<typeof RUN> | undefined, host: z.output<typeof HOST> | undefined): [string, string][] {
  const rows: (readonly [string, string | undefined])[] = [
    ["began", host?.began],
    ["ended", host?.ended],
    ["host", host?.host],
    ["Node", host?.node],
    ["platform", host?.platform],
    ["hil", run?.hil],
    ...Object.entries(host?.labels ?? {}).map(([name, value]) => [`label ${name}`, value] as const),
  ];
  return rows.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [[terminalText(name.slice(0, 80)), terminalText(value.slice(0, 300))] as [string, string]],
  );
}

function inputsOf(path: string): RunPage["inputs"] {
  let names: readonly string[] = [];
  try {
    names = readdirSync(join(path, "inputs")).toSorted();
  } catch {
    // A record without its inputs still shows how it went.
  }
  return names.slice(0, INPUTS_MAX).flatMap((name) => {
    try {
      const file = join(path, "inputs", name);
      if (!statSync(file).isFile()) return [];
      const bytes = readInput(file);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return [{ name: terminalText(name.slice(0, 200)), bytes: bytes.length, sha256 }];
    } catch {
      return [];
    }
  });
}
