import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseProfile } from "../profile/profile.ts";
import { healthFile, healthMark, requireFit } from "./health.ts";

const PROFILE = `schema: 1
name: lab-07
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: lcus, port: { path: /dev/ttyUSB0 }, channel: 1, contact: NC, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

function lab() {
  const folder = mkdtempSync(join(tmpdir(), "hil-health-"));
  const loaded = parseProfile(PROFILE, join(folder, "lab-07.yaml"));
  return { folder, loaded, mark: healthFile(loaded.file) };
}

describe("a board's mark", () => {
  test("is absent of a board that is good", () => {
    const { folder, mark } = lab();
    expect(mark.load()).toEqual({ state: "good" });
    mark.markDirty("a run");
    mark.clear();
    mark.clear();
    expect(mark.load()).toEqual({ state: "good" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is kept beside the profile, whole, with when and why; the last one counts", () => {
    const { folder, mark } = lab();
    mark.markDirty("a run");
    expect(mark.load()).toMatchObject({ state: "dirty", because: "a run" });
    mark.markBad("it is silent");
    expect(mark.load()).toMatchObject({
      state: "bad",
      because: "it is silent",
      since: expect.stringMatching(/^20.*Z$/),
    });
    expect(readdirSync(folder)).toEqual(["lab-07.health.json"]);
  });

  test("that is not what was written is told, with the file", () => {
    const { folder, mark } = lab();
    writeFileSync(join(folder, "lab-07.health.json"), '{ "state": "fine" }');
    expect(() => mark.load()).toThrow(/^the mark .*lab-07\.health\.json cannot be read: /);
  });

  test("that cannot be kept fails the bench, before power moves", () => {
    const mark = healthFile("/proc/nope/lab.yaml");
    expect(() => mark.markDirty("a run")).toThrow(
      /^the board's mark cannot be kept in \/proc\/nope\/lab\.health\.json: /,
    );
  });

  test("is for boards that live on: a twin in process has none", () => {
    const text = PROFILE.replace("hardware", "twin")
      .replace("/dev/ttyACM1", "twin:app")
      .replace("/dev/ttyUSB0", "twin:relay");
    expect(healthMark(parseProfile(text, "/lab/twin.yaml"))).toBeUndefined();
  });

  test("keeps a bad board from being used, and says what happened and what to do; a dirty one is let through", () => {
    const { loaded, mark } = lab();
    requireFit(loaded);
    mark.markDirty("a run");
    requireFit(loaded);
    mark.markBad("it does not answer");
    expect(() => requireFit(loaded)).toThrow(
      /^lab-07 is marked bad since 20\d\d-\d\d-\d\d \d\d:\d\d UTC: it does not answer\.$/,
    );
  });
});
