import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseProfile } from "../board/index.ts";
import { loadReplay } from "./record/replay.ts";
import { emptyFolder, smallRun } from "./testing/small-campaign.ts";

const SECRET = "s3cret";

/** A board with programs, on a port that is not there. */
const board = (folder: string) =>
  parseProfile(
    `schema: 1
name: lab
provider: hardware
ports: { app: { path: ${join(folder, "no-port")} } }
power: { driver: command, on: [./switch, "--token=${SECRET}"], off: [./switch, -k, ${SECRET}], cuts: soc }
flasher: { tool: command, serial: "1050012345", write: [./flash, ${SECRET}, "{hex}"] }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
`,
    join(folder, "lab.yaml"),
  );

test("no file of a record holds arguments of the programs that its board's profile runs", async () => {
  const folder = emptyFolder();
  const { folder: record, error } = await smallRun({ board: board(folder) });
  expect(String(error)).toContain("no-port");
  const files = readdirSync(record, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(record, name)).isFile(),
  );
  expect(files).toContain(join("inputs", "profile.yaml"));
  for (const name of files) expect(readFileSync(join(record, name), "latin1")).not.toContain(SECRET);
  if (files.includes("replay.json")) expect(loadReplay(record).replay.profile.text).toContain("./switch");
});
