import { generateKeyPairSync } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { switchHash } from "../../board/index.ts";
import { smallProfile, smallScenario } from "../../campaign/testing/small-campaign.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";

/** A run of a small campaign, its folder relative to where it was started, and what it found. */
async function recorded(...argv: string[]) {
  const io = memoryIo();
  writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
  writeFileSync(join(io.cwd, "mine.yaml"), smallScenario().text);
  await runCommand(["mine.yaml", "--board", "small.yaml", "--json", ...argv], io);
  const run = `runs/${readdirSync(join(io.cwd, "runs"))[0]}`;
  return { cwd: io.cwd, run, found: io.printed() };
}

async function replay(cwd: string, ...argv: string[]): Promise<{ code: number; io: MemoryIo }> {
  const io = memoryIo({ cwd });
  return { code: await replayCommand(argv, io), io };
}

async function complaint(cwd: string, ...argv: string[]): Promise<string> {
  const { text, code } = await complaintOf(replay(cwd, ...argv));
  expect(code).toBe(2);
  return text;
}

describe("hil replay", () => {
  test("of a whole run finds what the run found", async () => {
    const { cwd, run, found } = await recorded();
    const { code, io } = await replay(cwd, run, "--json");
    expect(code).toBe(0);
    expect(io.printed()).toBe(found);
  });

  test("of a run with faults has them, too", async () => {
    const { cwd, run, found } = await recorded("--fault", "lose-fallback");
    const { code, io } = await replay(cwd, run, "--json");
    expect(code).toBe(1);
    expect(io.printed()).toBe(found);
  });

  test("of one cut makes that cut, with its number, after the same image", async () => {
    const { cwd, run, found } = await recorded("--fault", "lose-fallback");
    interface Found {
      verdicts: { check: string; pass: boolean; from: string; ending: string; where: string }[];
    }
    const failed = (JSON.parse(found) as Found).verdicts.find((entry) => !entry.pass && entry.check.startsWith("cut"));
    const number = failed?.check.replace("cut ", "") ?? "";
    const { code, io } = await replay(cwd, run, "--cut", number, "--json");
    expect(code).toBe(1);
    const again = (JSON.parse(io.printed()) as Found).verdicts.filter((entry) => entry.check.startsWith("cut"));
    expect(again).toHaveLength(1);
    expect(again[0]).toMatchObject({
      check: failed?.check,
      from: failed?.from,
      ending: failed?.ending,
      where: failed?.where,
    });
  });

  test("reads the bare replay.json, too", async () => {
    const { cwd, run, found } = await recorded();
    const { io } = await replay(cwd, `${run}/replay.json`, "--json");
    expect(io.printed()).toBe(found);
  });

  test("of one cut finds the cut beside the replay.json that is named, too", async () => {
    const { cwd, run } = await recorded();
    const { code, io } = await replay(cwd, `${run}/replay.json`, "--cut", "3", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(io.printed())).toMatchObject({ result: { cutsJudged: 1 } });
  });

  test("with --trace prints a line an event, with the bench's clock", async () => {
    const { cwd, run } = await recorded("--cuts", "1");
    const { io } = await replay(cwd, run, "--trace");
    const lines = io.printed().split("\n");
    expect(lines[1]).toMatch(/^\[ {5}0\.000000\] run-started {6}\{/);
    expect(lines.filter((line) => / cut {14}/.test(line))).toHaveLength(1);
    expect(lines.some((line) => /\] smp request {6}image upload #\d+, \d+ bytes \{"off":0,/.test(line))).toBe(true);
    expect(lines.some((line) => /\] smp answer {7}reset #\d+/.test(line))).toBe(true);
  });
});

/** All files of a run's folder but host.json. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name !== "host.json");
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.toSorted().map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

/** A run of a scenario and a profile made from texts, and a folder elsewhere to which only its record was moved. */
async function movedRecord(
  profile: string,
  scenario: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
) {
  const io = memoryIo();
  for (const [name, content] of Object.entries({ "small.yaml": profile, "mine.yaml": scenario, ...files }))
    writeFileSync(join(io.cwd, name), content);
  await runCommand(["mine.yaml", "--board", "small.yaml", "--json"], io);
  const [run = ""] = readdirSync(join(io.cwd, "runs"));
  const elsewhere = memoryIo().cwd;
  cpSync(join(io.cwd, "runs", run), join(elsewhere, "record"), { recursive: true });
  rmSync(io.cwd, { recursive: true });
  return { cwd: elsewhere, record: join(elsewhere, "record"), found: io.printed() };
}

/** What a replay has recorded. */
const replayed = (cwd: string) => filesOf(join(cwd, "runs", readdirSync(join(cwd, "runs"))[0] ?? ""));

/** Where the small board's firmware begins: the primary slot, behind a header. */
const BODY_ADDRESS = 0x1_0000 + 512;
/** Linked for the small board: a stack in RAM, a reset vector in its own body. */
const FIRMWARE = Uint8Array.from({ length: 9000 }, (_, at) => (at * 7) & 0xff);
new DataView(FIRMWARE.buffer).setUint32(0, 0x2000_8000, true);
new DataView(FIRMWARE.buffer).setUint32(4, BODY_ADDRESS + 0x201, true);
const GENERATED = "{ generate_bytes: 9000 }";
/** Nothing of an image that is refused is ever taken back. */
const CHECKED = "revert_check: true\n";
const ofFile = smallScenario([GENERATED, "{ file: fw.bin }"], ["count: 4", "count: 2"]).text;

/** A private key as a user has it. */
function ownKey(): { readonly pem: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { pem: String(privateKey.export({ format: "pem", type: "pkcs8" })) };
}

const named = (text: string, which: "sign" | "enc", file: string) =>
  text.replace(`builtin:twin-${which}-p256.pem`, file);

describe("a record is whole", () => {
  test.each([
    ["a payload file", ofFile],
    ["payloads of the seed", smallScenario(["count: 4", "count: 2"]).text],
    [
      "a damaged body",
      smallScenario([GENERATED, `${GENERATED}, damage: body`], ["count: 4", "count: 1"], [CHECKED, ""]).text,
    ],
    [
      "a damaged signature",
      smallScenario([GENERATED, `${GENERATED}, damage: signature`], ["count: 4", "count: 1"], [CHECKED, ""]).text,
    ],
    [
      "no encryption",
      smallScenario([/cuts:/, "start: { padded: true }\ncuts:"], ["images:", "images:\n  encrypt: false"]).text,
    ],
  ])("with %s: moved elsewhere, its originals gone, it is the same run again, byte for byte", async (_, scenario) => {
    const { cwd, record, found } = await movedRecord(smallProfile().text, scenario, { "fw.bin": FIRMWARE });
    const { io } = await replay(cwd, "record", "--json");
    expect(io.printed()).toBe(found);
    expect(io.complained()).toContain("images    as recorded, byte for byte");
    expect(replayed(cwd)).toEqual(filesOf(record));
  });

  test.each([
    [["--fail-fast", "--fault", "lose-fallback"], 1],
    [["--max-duration", "10ms"], 3],
    [["--max-duration", "10ms", "--allow-incomplete"], 0],
  ] as const)("with what ended it early (%j): the replay ends there, too", async (argv, code) => {
    const { cwd, run, found } = await recorded(...argv);
    const again = await replay(cwd, run, "--json");
    expect([again.code, again.io.printed()]).toEqual([code, found]);
  });

  test("with the measurement of its switch, which cuts are aimed by", async () => {
    const spread = { trials: 1, min_us: 1, p5_us: 1, median_us: 1, p95_us: 1, max_us: 1 };
    const calibration = JSON.stringify({
      schema: 1,
      date: "2026-01-02T03:04:05.000Z",
      switch_sha256: switchHash(smallProfile().profile),
      sensor: "uart",
      off: { latency_us: 7000, uncertainty_us: 500, seen: spread, blind_us: 1 },
      on: { first_byte: spread },
    });
    const scenario = smallScenario(["count: 4", "count: 1"]).text;
    const files = { "small.calibration.json": calibration };
    const { cwd, record } = await movedRecord(smallProfile().text, scenario, files);
    expect(filesOf(record)["events.jsonl"]).toContain('"event":"calibration","date":"2026-01-02T03:04:05.000Z"');
    await replay(cwd, "record", "--json");
    expect(replayed(cwd)).toEqual(filesOf(record));
  });

  test("with a signing key that is not here: the record has its public half, and never the private one", async () => {
    const { pem } = ownKey();
    const profile = named(smallProfile().text, "sign", "sign.pem");
    const { cwd, record, found } = await movedRecord(profile, ofFile, { "fw.bin": FIRMWARE, "sign.pem": pem });
    for (const text of Object.values(filesOf(record))) {
      expect(text).not.toContain("PRIVATE KEY");
      expect(text).not.toContain(pem.split("\n")[1]);
    }
    const { io } = await replay(cwd, "record", "--json");
    expect(io.printed()).toBe(found);
    expect(replayed(cwd)).toEqual(filesOf(record));
  });

  test("but for the private half of an encryption key: told by name and hash, and taken from where the profile says", async () => {
    const { pem } = ownKey();
    const profile = named(smallProfile().text, "enc", "enc.pem");
    const { cwd, record, found } = await movedRecord(profile, ofFile, { "fw.bin": FIRMWARE, "enc.pem": pem });
    expect(await complaint(cwd, "record")).toMatch(
      /Missing:\n {2}the private half of keys\.encryption, "enc\.pem" \(SHA-256 of its public half: \w{64}\); no record/,
    );
    writeFileSync(join(cwd, "enc.pem"), ownKey().pem);
    expect(await complaint(cwd, "record")).toContain("keys.encryption of small is not the recorded one");
    writeFileSync(join(cwd, "enc.pem"), pem);
    const { io } = await replay(cwd, "record", "--json");
    expect(io.printed()).toBe(found);
    expect(replayed(cwd)).toEqual(filesOf(record));
  });

  test("and replay.json alone says what is missing and where to get it; of generated images it needs none", async () => {
    const { cwd, record } = await movedRecord(smallProfile().text, ofFile, { "fw.bin": FIRMWARE });
    cpSync(join(record, "replay.json"), join(cwd, "sent.json"));
    const text = await complaint(cwd, "sent.json");
    expect(text).toMatch(/^this replay\.json alone does not hold all that a replay needs\. Missing:\n/);
    expect(text).toMatch(/^ {2}inputs\/old-1\.0\.0\.bin \(\d+ bytes, SHA-256 \w{64}\)$/m);
    expect(text).toContain(", made of payload file: fw.bin\n");
    expect(text).toContain("Take the whole folder of the run");
    const other = await movedRecord(smallProfile().text, smallScenario().text);
    cpSync(join(other.record, "replay.json"), join(cwd, "sent.json"));
    const { io } = await replay(cwd, "sent.json", "--json");
    expect(io.printed()).toBe(other.found);
    expect(io.complained()).toContain("images    built anew from the seed");
  });

  test("so an image in it that is another one is refused, and --rebuild takes today's file, and says so", async () => {
    const { cwd, record } = await movedRecord(smallProfile().text, ofFile, { "fw.bin": FIRMWARE });
    const image = join(record, "inputs/new-2.0.0.bin");
    const bytes = readFileSync(image);
    writeFileSync(image, bytes.fill(0, 600, 601));
    expect(await complaint(cwd, "record")).toMatch(/inputs\/new-2\.0\.0\.bin has SHA-256 [0-9a-f]{64}, recorded was /);
    writeFileSync(join(cwd, "fw.bin"), FIRMWARE.with(100, 1));
    const { code, io } = await replay(cwd, "record", "--rebuild", "--within", ".");
    expect(code).toBe(0);
    expect(io.complained()).toBe(`the record reads ${join(cwd, "fw.bin")} (--within)\n`);
    expect(io.printed()).toContain("images    built anew of today's files (--rebuild)\n");
    expect(io.printed()).toMatch(
      /warning {3}the new image is not the recorded one \(2\.0\.0; hash recorded [0-9a-f]+…, now/,
    );
    expect(io.printed()).not.toContain("the old image is not");
  });

  test("and firmware that its seed does not make any more is refused", async () => {
    const { cwd, record } = await movedRecord(smallProfile().text, smallScenario().text);
    const text = readFileSync(join(record, "replay.json"), "utf8");
    writeFileSync(
      join(cwd, "sent.json"),
      text.replace(/("role": "new",[^}]*"hash": ")[0-9a-f]{64}/, `$1${"ab".repeat(32)}`),
    );
    expect(await complaint(cwd, "sent.json")).toMatch(
      /the new image is not the recorded one .*Take the run's whole folder/,
    );
  });

  test("and one of a real board runs on a board that its user names, never on the one that it names itself", async () => {
    const { cwd, record, found } = await movedRecord(smallProfile().text, smallScenario().text);
    const file = join(record, "replay.json");
    const replacements: readonly [RegExp, string][] = [
      [/provider: twin/, "provider: hardware"],
      [/twin:app/, "/dev/ttyACM1"],
      [/twin:relay/, "/dev/ttyUSB0"],
      [/twin: \{[^}]*\}\\n/, ""],
    ];
    writeFileSync(
      file,
      replacements.reduce((text, [from, to]) => text.replace(from, to), readFileSync(file, "utf8")),
    );
    expect(await complaint(cwd, "record")).toMatch(/of a real board, small: .*Name the profile .* with --board FILE/s);
    writeFileSync(join(cwd, "mine.yaml"), smallProfile().text);
    const { io } = await replay(cwd, "record", "--board", "mine.yaml", "--json");
    expect(io.printed()).toBe(found);
  });
});

describe("what cannot be replayed is told", () => {
  test("a record that is not there, and no record at all", async () => {
    const { cwd } = memoryIo();
    expect(await complaint(cwd, "runs/gone")).toMatch(/runs\/gone: there is no such run or replay file\./);
    expect(await complaint(cwd)).toBe("hil replay wants a run folder or a replay.json. See hil replay --help.");
  });

  test("a cut that the record does not have, with those that it has", async () => {
    const { cwd, run } = await recorded();
    expect(await complaint(cwd, run, "--cut", "17")).toBe(
      "the record has no cut 17. Choose one of its cuts: it holds 1 to 4.",
    );
    expect(await complaint(cwd, run, "--cut", "first")).toContain('--cut wants a number, not "first".');
  });

  test("one cut of a run without cuts", async () => {
    const { cwd, run } = await recorded("--cuts", "0");
    expect(await complaint(cwd, run, "--cut", "1")).toContain("it holds none");
  });
});
