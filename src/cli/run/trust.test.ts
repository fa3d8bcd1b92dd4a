import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { foreignReach, loadProfile, parseProfile, reachOf, readablePasswords } from "../../board/index.ts";
import { type LoadedReplay, parseScenario } from "../../campaign/index.ts";
import { generateKey } from "../../image/index.ts";
import { sweepCommand } from "../sweep/sweep.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { replayCommand } from "./replay.ts";
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

  test("is the scenario's alone with --own-profile: the host's own profile and its keys lie elsewhere", () => {
    const own = (within: string) => refusal({ within, flags: ["own-profile"] });
    expect(own("/lab")).toContain("lab: it reads /etc/passwd (--within /lab)");
    expect(own("/lab")).not.toContain("lab.yaml");
    expect(own("/etc")).toContain("lab: it reads /lab/s.yaml (--within /etc)");
    expect(own("/etc")).not.toContain("lab.yaml");
    expect(refusal({ flags: ["own-profile"] })).toContain("--own-profile says what --within is not for.");
    expect(refusal({ within: "/lab", flags: ["own-profile", "no-programs"] })).toContain("it starts ./flash.sh");
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
    const user = "{ name: u, auth: { protocol: sha256, passphrase_file: secret } }";
    const snmp = `{ driver: snmp-pdu, host: pdu, model: apc-rpdu, outlet: 1, cuts: board, version: "3", user: ${user} }`;
    const pdu = PROFILE.replace(/power: .*/, `power: ${snmp}`).replace(/flasher: .*\n/, "");
    expect(foreignReach(parseProfile(pdu, "/lab/lab.yaml"))).toEqual(["reads /lab/secret", "talks to pdu"]);
  });
});

/** A private key of the user's. */
function ownKey(): string {
  const file = join(tmpdir(), `hil-own-${process.pid}`, "key.pem");
  if (!existsSync(file)) {
    mkdirSync(dirname(file));
    writeFileSync(file, generateKey("ecdsa-p256"));
  }
  return file;
}
afterAll(() => rmSync(dirname(ownKey()), { recursive: true }));

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

  /** The same, with another profile; nothing is told of its keys. */
  async function withProfile(text: string): Promise<LoadedReplay> {
    const record = await received();
    return { ...record, replay: { ...record.replay, profile: { name: "p", text } } };
  }
  const twinWith = async (more: string, edit = (text: string) => text) =>
    `${edit((await loadProfile("twin", { cwd: "/" })).text)}\n${more}\n`;
  const qemuWith = async (image: string) =>
    (await loadProfile("qemu-microbit", { cwd: "/" })).text.replace(/image: .*/, `image: ${image}`);
  const baseline = "flasher: { tool: nrfutil, baseline: { app: /home/me/app.hex } }";
  test.each([
    ["firmware for an emulator", "/home/me/fw.hex", () => qemuWith("/home/me/fw.hex")],
    ["a baseline for its flasher", "/home/me/app.hex", () => twinWith(baseline)],
    [
      "a signing key that it tells no hash of",
      ownKey(),
      () => twinWith("", (text) => text.replace(/signing: \S+/, `signing: ${ownKey()}`)),
    ],
  ])("has %s read only when the user says so, and that is told first", async (_what, file, profile) => {
    const record = await withProfile(await profile());
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    await expect(replayInputs(record, asked({ say }))).rejects.toThrow(`\n  it reads ${file}\n`);
    expect(lines).toEqual([]);
    await replayInputs(record, asked({ say, trusted: true }));
    expect(lines).toContain(`the record reads ${file} (--trust-record)`);
  });

  test("reads what lies in this user's cache, and nothing by a way that leads out of it", async () => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    await replayInputs(await withProfile(await qemuWith("cache:smp/merged.hex")), asked({ say }));
    expect(lines).toEqual([]);
    const out = await withProfile(await qemuWith("cache:../../secret"));
    await expect(replayInputs(out, asked({ trusted: true }))).rejects.toThrow("cache:../../secret, which leads out");
  });

  test("of a sweep has no file read that it names, unless the user says where such may lie", async () => {
    const { replay } = await received();
    const { scenario } = replay;
    const text = scenario.text.replace("{ generate_bytes: 2048 }", "{ file: fw.bin }");
    const { text: profile } = await loadProfile("twin", { cwd: "/" });
    const cwd = mkdtempSync(join(tmpdir(), "hil-sweep-"));
    const document = {
      ...{ schema: 1, kind: "sweep", seed: 1, swept: {}, path: [] },
      scenario: { ...scenario, text },
      profile: { name: "twin", text: profile },
      finding: { class: "bricked", stage: "asked", known: null, shows: "x" },
    };
    writeFileSync(join(cwd, "f.json"), JSON.stringify(document));
    const named = `names files of this machine:\n  ${join(cwd, "fw.bin")}`;
    await expect(replayCommand(["f.json"], memoryIo({ cwd }))).rejects.toThrow(named);
    await expect(sweepCommand(["--replay", "f.json"], memoryIo({ cwd }))).rejects.toThrow(named);
    const io = memoryIo({ cwd });
    await expect(replayCommand(["f.json", "--within", "."], io)).rejects.toThrow("cannot be read");
    expect(io.complained()).toContain("fw.bin (--within)");
  });

  test("is replayed on a board that the user names without any of it", async () => {
    const { board } = await replayInputs(await received(), asked({ board: "twin" }));
    expect(board.profile.flasher).toBeUndefined();
  });
});
