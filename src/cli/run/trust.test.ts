import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { foreignReach, loadProfile, parseProfile, reachOf, readablePasswords } from "../../board/index.ts";
import { type LoadedReplay, parseScenario } from "../../campaign/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { type ReplayAsked, replayInputs } from "./replay-inputs.ts";
import { requireTrusted } from "./trust.ts";

const PROFILE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: http, on: { url: "http://sw.example.org/on?t=SECRET", headers_env: { X: CLOUD_TOKEN } }, off: { url: "http://sw.example.org/off" }, cuts: soc }
flasher: { tool: command, write: [./flash.sh, "{hex}"] }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;
const SCENARIO = `schema: 1
name: s
images:
  encrypt: false
  old: { version: 1.0.0, payload: { file: /etc/passwd } }
  new: { version: 2.0.0, payload: { generate_bytes: 2048 } }
`;

function refusal(options: {
  readonly flags?: readonly string[];
  readonly within?: string;
  readonly env?: readonly string[];
}): string {
  const io = memoryIo();
  const args = {
    flag: (name: string) => options.flags?.includes(name) ?? false,
    text: (name: string) => (name === "within" ? options.within : undefined),
    texts: (name: string) => (name === "allow-env" ? (options.env ?? []) : []),
  };
  try {
    requireTrusted([parseProfile(PROFILE, "/lab/lab.yaml")], parseScenario(SCENARIO, "/lab/s.yaml"), args, io);
    return io.complained();
  } catch (error) {
    return String(error);
  }
}

describe("what a profile and a scenario reach", () => {
  test("is told: programs, addresses without what follows, variables, files", () => {
    expect(reachOf(parseProfile(PROFILE, "/lab/lab.yaml"), ["/etc/passwd"])).toEqual({
      programs: ["./flash.sh"],
      addresses: ["http://sw.example.org"],
      variables: ["CLOUD_TOKEN"],
      files: ["/etc/passwd"],
    });
  });

  test("is refused by --no-programs, by --allow-env for another variable, and by --within for files outside", () => {
    expect(refusal({ flags: ["no-programs"] })).toContain("it starts ./flash.sh (--no-programs)");
    expect(refusal({ env: ["none"] })).toContain("it reads CLOUD_TOKEN of the environment");
    expect(refusal({ env: ["CLOUD_TOKEN"] })).not.toContain("allowed");
    expect(refusal({ within: "/lab" })).toMatch(/allowed.*it reads \/etc\/passwd \(--within \/lab\)/s);
    expect(refusal({ within: "/" })).not.toContain("allowed");
    expect(refusal({})).not.toContain("allowed");
  });

  test("is outside a folder, too, by a link in it that leads out", () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-within-"));
    symlinkSync("/etc/hostname", join(folder, "fw.bin"));
    writeFileSync(join(folder, "lab.yaml"), PROFILE);
    const scenario = parseScenario(SCENARIO.replace("/etc/passwd", "fw.bin"), join(folder, "s.yaml"));
    const args = { flag: () => false, text: () => folder, texts: () => [] };
    const board = parseProfile(PROFILE, join(folder, "lab.yaml"));
    expect(() => requireTrusted([board], scenario, args, memoryIo())).toThrow("fw.bin (--within");
    expect(readFileSync(join(folder, "lab.yaml"), "utf8")).toBe(PROFILE);
  });

  test("is warned of where a password goes in clear over a network that is not private", () => {
    expect(refusal({})).toMatch(/^hil: warning: lab sends a password to http:\/\/sw\.example\.org in clear/);
    const at = (host: string) =>
      readablePasswords(parseProfile(PROFILE.replaceAll("sw.example.org", host), "/lab/lab.yaml"));
    for (const host of ["10.1.2.3", "172.20.0.1", "192.168.1.1", "127.0.0.1", "[fd00::1]", "plug", "plug.local"])
      expect(at(host)).toEqual([]);
    for (const host of ["8.8.8.8", "172.32.0.1", "[2001:db8::1]", "plug.example.com"]) expect(at(host)).toHaveLength(1);
    expect(readablePasswords(parseProfile(PROFILE.replaceAll("http://", "https://"), "/lab/lab.yaml"))).toEqual([]);
  });

  test("of a received record is listed, and is nothing for a twin", () => {
    expect(foreignReach(parseProfile(PROFILE, "/lab/lab.yaml"))).toEqual([
      "runs ./flash.sh (in /lab)",
      "talks to http://sw.example.org",
      "reads CLOUD_TOKEN of the environment",
    ]);
  });
});

describe("a received record", () => {
  const asked = (more: Partial<ReplayAsked> = {}): ReplayAsked => {
    return { board: undefined, rebuild: false, cwd: "/lab", trusted: false, say: () => undefined, ...more };
  };

  /** A record of a twin whose profile has a program in it. */
  async function received(): Promise<LoadedReplay> {
    const { text } = await loadProfile("twin", { cwd: "/" });
    const scenario = SCENARIO.replace("{ file: /etc/passwd }", "{ generate_bytes: 2048 }");
    const replay = {
      ...{ schema: 1 as const, seed: 1, images: [], faults: [], cuts: null, start_with: "new" as const },
      scenario: { name: "s", text: scenario },
      profile: { name: "twin", text: `${text}\nflasher: { tool: command, write: [./evil.sh] }\n` },
    };
    return { replay, folder: undefined, made: [] };
  }

  test("starts no program of its sender's", async () => {
    await expect(replayInputs(await received(), asked())).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/would do what its sender wrote into it:\n {2}it runs \.\/evil\.sh/),
    });
  });

  test("starts it only when the user says so, and it is told first", async () => {
    const lines: string[] = [];
    await replayInputs(await received(), asked({ trusted: true, say: (line) => lines.push(line) }));
    expect(lines).toEqual(["the record runs ./evil.sh (in /lab) (--trust-record)"]);
  });

  /** The same; its scenario names a file that is the user's. */
  async function naming(file: string): Promise<LoadedReplay> {
    const { replay, ...rest } = await received();
    const { text } = await loadProfile("twin", { cwd: "/" });
    const scenario = { name: "s", text: SCENARIO.replace("/etc/passwd", file) };
    return { replay: { ...replay, scenario, profile: { name: "twin", text } }, ...rest };
  }

  test("has no file read that it names, unless it lies where the user says, or the sender is trusted", async () => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const names = (file: string, more: Partial<ReplayAsked>) =>
      naming(file).then((record) => replayInputs(record, asked({ rebuild: true, say, ...more })));
    await expect(names("/etc/passwd", {})).rejects.toThrow("names files of this machine:\n  /etc/passwd\n");
    await expect(names("../etc/passwd", { within: "." })).rejects.toThrow("\n  /etc/passwd\n");
    expect(lines).toEqual([]);
    await names("/etc/passwd", { trusted: true });
    await names("fw.bin", { within: "." });
    expect(lines).toEqual(["the record reads /etc/passwd (--trust-record)", "the record reads /lab/fw.bin (--within)"]);
  });

  test("has no key of the user's used to sign what it wants built", async () => {
    const record = await received();
    const { text } = await loadProfile("twin", { cwd: "/" });
    const keys = [{ use: "signing" as const, named: "../home/me/key.pem", public_sha256: null, file: null }];
    const replay = { ...record.replay, profile: { name: "twin", text }, keys };
    await expect(replayInputs({ ...record, replay }, asked({ rebuild: true, within: "." }))).rejects.toThrow(
      "names files of this machine:\n  /home/me/key.pem\n",
    );
  });

  test("is replayed on a board that the user names without any of it", async () => {
    const { board } = await replayInputs(await received(), asked({ board: "twin" }));
    expect(board.profile.flasher).toBeUndefined();
  });
});
