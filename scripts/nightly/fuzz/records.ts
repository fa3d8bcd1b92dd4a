import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cutsIn } from "../../../src/campaign/record/cut-moment.ts";
import { readKept } from "../../../src/campaign/record/kept.ts";
import { loadReplay } from "../../../src/campaign/record/replay.ts";
import { explainCommand } from "../../../src/cli/explain/explain.ts";
import { replayInputs } from "../../../src/cli/run/replay-inputs.ts";
import { isSweepReplay, replaySweep } from "../../../src/cli/sweep/replay.ts";
import { memoryIo } from "../../../src/cli/testing/memory-io.ts";
import type { FuzzSource } from "./source.ts";

const CASES = join(import.meta.dirname, "../../../cases/records");
/** The records that can be replayed; the oldest of the cases is one that can only be shown. */
const RECORDS = readdirSync(CASES)
  .map((name) => join(CASES, name))
  .filter((folder) => existsSync(join(folder, "replay.json")));
const ofEach = (name: string) => RECORDS.map((folder) => readFileSync(join(folder, name)));

const readReplay = (text: string) => JSON.parse(text) as { readonly scenario: object; readonly profile: object };

/** One finding of a sweep, on slots of a few pages. */
function sweepReplay(): string {
  const [boots = ""] = ofEach("replay.json").map(String);
  const { scenario, profile } = readReplay(boots);
  const swept = { mode: "swap-move", slot_sectors: 6, old_bytes: 2_048, new_bytes: 4_096, plain: true };
  const path = [{ kind: "start" }, { kind: "cut", operation: 7 }, { kind: "reset" }];
  const finding = { class: "revert", stage: "asked", known: null, shows: "x" };
  return JSON.stringify({ schema: 1, kind: "sweep", seed: 1, scenario, profile, swept, path, finding });
}

/** A record of somebody else, with a way to put another text into it. */
function received(folder: string): (name: string, text: Uint8Array) => string {
  cpSync(RECORDS[0] ?? "", folder, { recursive: true });
  return (name, text) => {
    writeFileSync(join(folder, name), text);
    return folder;
  };
}

/** Records: what a replay takes from them before it runs, and what is told of them. @param folder an empty one. */
export function recordSources(folder: string): readonly FuzzSource[] {
  const [replays, events] = [received(join(folder, "replay")), received(join(folder, "events"))];
  mkdirSync(join(folder, "sweep"));
  return [
    {
      name: "replay.json",
      from: "record",
      kind: "json",
      share: 1,
      seeds: () => ofEach("replay.json").slice(0, 1),
      async ask(input) {
        const loaded = loadReplay(replays("replay.json", input));
        const { replay } = loaded;
        readKept(loaded.folder, replay);
        const asked = { board: undefined, rebuild: false, cwd: folder, trusted: false, say: () => undefined };
        await replayInputs(loaded, asked);
        cutsIn("boot", replay.cuts ?? []);
      },
    },
    {
      name: "events of a record",
      from: "record",
      kind: "json",
      share: 1,
      seeds: () => ofEach("events.jsonl"),
      async ask(input) {
        const record = events("events.jsonl", input);
        loadReplay(record);
        await explainCommand([record], memoryIo({ cwd: folder }));
      },
    },
    {
      name: "replays of a sweep",
      from: "record",
      kind: "json",
      share: 0.3,
      seeds: () => [sweepReplay()],
      async ask(input) {
        const file = join(folder, "sweep", "replay.json");
        writeFileSync(file, input);
        if (isSweepReplay(file))
          await replaySweep(file, { trace: false, json: true, admit: () => undefined }, memoryIo({ cwd: folder }));
      },
    },
  ];
}
