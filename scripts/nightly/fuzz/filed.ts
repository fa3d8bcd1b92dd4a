import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importLabgrid } from "../../../src/board/import/labgrid.ts";
import { importTwister } from "../../../src/board/import/twister.ts";
import { healthFile } from "../../../src/board/lease/health.ts";
import { findLocks } from "../../../src/board/lease/lock.ts";
import { ownerText } from "../../../src/board/lease/owner.ts";
import { wearFile } from "../../../src/board/parts/wear-file.ts";
import { loadCalibration } from "../../../src/board/profile/calibration-file.ts";
import { draftProfile } from "../../../src/board/profile/draft.ts";
import { parseProfile } from "../../../src/board/profile/profile.ts";
import { isHilError } from "../../../src/core/index.ts";
import { buildSources } from "./builds.ts";
import { emulatorSources } from "./emulator.ts";
import { PROFILE } from "./files.ts";
import { historySources } from "./history.ts";
import { recordSources } from "./records.ts";
import type { FuzzSource } from "./source.ts";

const ROOT = join(import.meta.dirname, "../../..");
const here = (...names: string[]) => readFileSync(join(ROOT, ...names));
const allIn = (...names: string[]) =>
  readdirSync(join(ROOT, ...names))
    .filter((name) => /\.(?:yaml|log|txt|json)$/.test(name))
    .map((name) => here(...names, name));

/** Writes files into a folder; returns their paths. */
function writing(folder: string): (name: string, bytes: Uint8Array) => string {
  return (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
}

/** Files of labs. @param folder for them; theirs alone. */
function labSources(folder: string): readonly FuzzSource[] {
  const filed = writing(folder);
  return [
    ...([importLabgrid, importTwister] as const).map(
      (read): FuzzSource => ({
        name: read === importLabgrid ? "labgrid files" : "Twister's hardware maps",
        from: "file",
        kind: "text",
        share: 3,
        seeds: () => allIn("cases/lab"),
        async ask(input) {
          const { drafts } = await read(filed("lab.yaml", input), []);
          for (const draft of drafts) draftProfile(draft, join(folder, "x.yaml"));
        },
      }),
    ),
  ];
}

/** What lies beside profiles, and in the folder of the locks. @param folder for them; theirs alone. */
function hostSources(folder: string): readonly FuzzSource[] {
  const filed = writing(folder);
  mkdirSync(join(folder, "locks"), { mode: 0o700 });
  const file = join(folder, "b.yaml");
  const { profile } = parseProfile(PROFILE, file);
  return [
    {
      name: "what is kept beside a profile",
      from: "host",
      kind: "text",
      share: 4,
      seeds: () => [
        '{"schema":1,"state":"dirty","since":"2026-01-01T00:00:00.000Z","because":"x"}',
        '{"schema":1,"cycles_by_page":{"0":12}}',
        '{"schema":1,"date":"2026-01-02T03:04:05.000Z","switch_sha256":"ab","sensor":"uart","off":{}}',
      ],
      ask(input) {
        for (const name of ["b.health.json", "b.wear.json", "b.calibration.json"]) filed(name, input);
        for (const load of [
          () => healthFile(file).load(),
          () => wearFile(file).load(),
          () => loadCalibration(profile),
        ]) {
          try {
            load();
          } catch (error) {
            if (!isHilError(error)) throw error;
          }
        }
      },
    },
    {
      name: "locks of others",
      from: "host",
      kind: "text",
      share: 4,
      seeds: () => [
        '{"pid":1,"host":"h","user":"u","board":"b","resource":"r","started":1,"since":"2026-01-01T00:00:00.000Z","token":"00"}',
      ],
      ask(input) {
        filed("locks/hil-port-ab.lock", input);
        for (const { owner } of findLocks(join(folder, "locks"))) if (owner !== "unknown") ownerText(owner);
      },
    },
  ];
}

/** What is read by its name. @param folder an empty one. */
export function filedSources(folder: string): readonly FuzzSource[] {
  return [
    ...[...labSources(folder), ...recordSources(folder), ...hostSources(folder), ...emulatorSources(folder)],
    ...[...buildSources(join(folder, "builds")), ...historySources(join(folder, "history"))],
  ];
}
