import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseProfile } from "../profile/profile.ts";
import { findProgram, missingPrograms, programsOf } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-programs-"));
writeFileSync(join(folder, "uhubctl"), "#!/bin/sh\n");
chmodSync(join(folder, "uhubctl"), 0o755);

function profile(power: string, flasher?: string) {
  const text = `schema: 1
name: dk
provider: hardware
ports: { app: { path: /dev/a } }
power: ${power}
${flasher === undefined ? "" : `flasher: ${flasher}`}
slots: { primary: { offset: 0x10000, bytes: 0x74000 }, secondary: { offset: 0x84000, bytes: 0x74000 } }
images: { encryption: none }
keys: { signing: "builtin:twin-sign-p256.pem" }
`;
  return parseProfile(text, join(folder, "dk.yaml"));
}

const LCUS = "{ driver: lcus, port: { path: /dev/r }, channel: 1, contact: NO, cuts: soc }";

describe("the programs that a profile asks for", () => {
  test.each([
    [LCUS, undefined, []],
    [LCUS, '{ tool: jlink, serial: "1" }', ["JLinkExe"]],
    [LCUS, '{ tool: nrfutil, serial: "1", executable: ./mine }', ["./mine"]],
    [LCUS, '{ tool: command, serial: "1", write: [a, "{hex}"], recover: [b], reset: [a, r] }', ["a", "b"]],
    ["{ driver: uhubctl, hub: 1-1, port: 2 }", undefined, ["uhubctl"]],
    ["{ driver: ykush, port: 2, program: ./yk }", undefined, ["./yk"]],
    ['{ driver: reset, tool: nrfjprog, serial: "1" }', '{ tool: nrfjprog, serial: "1" }', ["nrfjprog"]],
    [
      "{ driver: command, on: [p, on], off: [q], status: { run: [s], on: x, off: y }, cuts: soc }",
      undefined,
      ["p", "q", "s"],
    ],
  ])("%s with flasher %s: %j", (power, flasher, wanted) => {
    expect(programsOf(profile(power, flasher)).map(({ program }) => program)).toEqual(wanted);
  });

  test("are looked for in PATH, or from the profile on", async () => {
    const hub = profile("{ driver: uhubctl, hub: 1-1, port: 2 }");
    expect(await missingPrograms(hub, { PATH: folder })).toEqual([]);
    expect(await missingPrograms(hub, { PATH: "/nowhere" })).toEqual([{ program: "uhubctl", what: "power" }]);
    expect(await missingPrograms(hub, {})).toHaveLength(1);
    expect(await findProgram("./uhubctl", {}, hub.file)).toBe(join(folder, "uhubctl"));
  });
});
