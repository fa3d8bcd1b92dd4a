import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { builtInBoards } from "../../board/index.ts";
import { smallProfile, smallScenario } from "../../campaign/testing/small-campaign.ts";
import { generateKey, PASSPHRASE_VARIABLE } from "../../image/index.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { runCommand } from "./run.ts";

/** A folder with a small board and a small scenario. */
function lab() {
  const io = memoryIo();
  writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
  writeFileSync(join(io.cwd, "mine.yaml"), smallScenario().text);
  return io;
}

const BASE = ["mine.yaml", "--board", "small.yaml"];

async function hilRun(...argv: string[]) {
  const io = lab();
  const code = await runCommand([...BASE, ...argv], io);
  return { code, out: io.printed(), folder: io.cwd };
}

async function complaint(...argv: string[]): Promise<string> {
  const io = lab();
  const { text, code } = await complaintOf(runCommand([...BASE, ...argv], io));
  expect(code).toBe(2);
  expect(existsSync(join(io.cwd, "runs"))).toBe(false);
  return text;
}

interface Result {
  readonly result: { readonly outcome: string; readonly cutsPlanned: number; readonly cutsJudged: number };
  readonly error: unknown;
  readonly verdicts: readonly { readonly check: string }[];
}

async function json(...argv: string[]): Promise<Result> {
  return JSON.parse((await hilRun("--json", ...argv)).out);
}

describe("hil run", () => {
  test("shows the campaign, ends with 0, and says where its record lies and how to see a cut again", async () => {
    const { code, out, folder } = await hilRun();
    expect(code).toBe(0);
    expect(out).toMatch(/^small on small \(simulated nRF5340-DK; .*seed 1\n/);
    expect(out).toContain("verdict   PASS  4 of 4 cuts as MCUboot allows");
    const [run] = readdirSync(join(folder, "runs"));
    expect(out).toContain(`runs/${run}`);
    expect(out).toContain(`npx hil replay runs/${run} --cut 1`);
  });

  test("opens protected keys of a profile with HIL_KEY_PASSPHRASE, and leaves no word of it in the record", async () => {
    const io = lab();
    const keys = generateKey("ecdsa-p256", "correct horse battery");
    writeFileSync(join(io.cwd, "closed.pem"), keys);
    const profile = smallProfile().text.replace('signing: "builtin:twin-sign-p256.pem"', "signing: closed.pem");
    writeFileSync(join(io.cwd, "small.yaml"), profile);
    const before = process.env[PASSPHRASE_VARIABLE];
    try {
      delete process.env[PASSPHRASE_VARIABLE];
      const { text, code } = await complaintOf(runCommand(BASE, io));
      expect({ code, text }).toEqual({ code: 2, text: expect.stringContaining(PASSPHRASE_VARIABLE) });
      process.env[PASSPHRASE_VARIABLE] = "correct horse battery";
      expect(await runCommand([...BASE, "--cuts", "1"], io)).toBe(0);
    } finally {
      if (before === undefined) delete process.env[PASSPHRASE_VARIABLE];
      else process.env[PASSPHRASE_VARIABLE] = before;
    }
    for (const entry of readdirSync(join(io.cwd, "runs"), { recursive: true, withFileTypes: true })) {
      if (entry.isFile())
        expect(readFileSync(join(entry.parentPath, entry.name), "latin1")).not.toContain("correct horse");
    }
  });

  test("ends with 1 when a verdict failed, and points at the first failed cut", async () => {
    const { code, out } = await hilRun("--fault", "lose-fallback");
    expect(code).toBe(1);
    expect(out).toMatch(/verdict {3}FAIL {2}cut [1-4]:/);
    const [, failed] = /FAIL {2}cut (\d)/.exec(out) ?? [];
    expect(out).toMatch(new RegExp(`npx hil replay runs/\\S+ --cut ${failed} --trace`));
  });

  test("points at the cut whose later boot failed, with every event", async () => {
    const io = lab();
    const text = readFileSync(new URL("../../../scenarios/faults/U1.yaml", import.meta.url), "utf8");
    writeFileSync(join(io.cwd, "two.yaml"), text.replace("[[46]]", "[[3], [46]]"));
    expect(await runCommand(["two.yaml", "--board", "small/offset-mended", "--fault", "U1"], io)).toBe(1);
    expect(io.printed()).toMatch(/FAIL {2}boot 1 after cut 2/);
    expect(io.printed()).toMatch(/npx hil replay runs\/\S+ --cut 2 --trace/);
  });

  test("suggests no cut where none was made", async () => {
    const { out } = await hilRun("--cuts", "0");
    expect(out).not.toContain("--cut ");
  });

  test("throws what ended a run, when everything is printed and recorded", async () => {
    const io = lab();
    const ended = runCommand([...BASE, "--fault", "relay-stuck"], io);
    await expect(ended).rejects.toMatchObject({ kind: "bench" });
    expect(io.printed()).toContain("record");
    expect(readdirSync(join(io.cwd, "runs"))).toHaveLength(1);
  });

  test("puts records where --runs says", async () => {
    const { folder } = await hilRun("--cuts", "0", "--runs", "deep/records");
    expect(readdirSync(join(folder, "deep/records"))).toHaveLength(1);
  });
});

describe("cuts of the command line", () => {
  test.each([
    ["--cuts spreads so many", ["--cuts", "9"], 9],
    ["--cuts 0 makes none", ["--cuts", "0"], 0],
    ["--cut-at makes one a moment", ["--cut-at", "600", "--cut-at", "900.5"], 2],
    ["--cut-on makes one a pattern", ["--cut-on", "Starting swap+100"], 1],
    ["the scenario's stay without them", [], 4],
  ])("%s", async (_, argv, cuts) => {
    const { result, error } = await json(...argv);
    expect(error).toBeNull();
    expect(result).toMatchObject({ outcome: "pass", cutsPlanned: cuts, cutsJudged: cuts });
  });

  test("stop at the first failure with --fail-fast, and after a time with --max-duration", async () => {
    const fast = await json("--fault", "lose-fallback", "--fail-fast");
    expect(fast.verdicts.at(-1)).toMatchObject({ pass: false });
    expect((await json("--max-duration", "10ms")).result).toMatchObject({ outcome: "incomplete", cutsJudged: 1 });
  });
});

describe("what is wrong with the command line is told before anything moves", () => {
  test.each<[string[], string]>([
    [["--cuts", "3", "--cut-at", "5"], "--cuts, --cut-at and --cut-on exclude each other."],
    [["--cut-at", "5", "--cut-on", "x"], "--cuts, --cut-at and --cut-on exclude each other."],
    [["--cuts", "many"], '--cuts wants a number, not "many".'],
    [["--cuts", "-1"], '--cuts wants a whole number from 0 on, not "-1".'],
    [["--cuts", "2.5"], '--cuts wants a whole number from 0 on, not "2.5".'],
    [["--seed", "x"], '--seed wants a number, not "x".'],
    [["--max-wear", "0"], '--max-wear wants a whole number from 1 on, not "0".'],
    [["--cut-at", "soon"], '--cut-at wants milliseconds from 0 on, not "soon".'],
    [["--cut-at", "-1"], '--cut-at wants milliseconds from 0 on, not "-1".'],
    [["--cut-on", "(x"], "--cut-on: /(x/ is no regular expression: error parsing regexp: missing closing )"],
    [["--max-duration", "10"], '--max-duration wants a number and a unit, not "10". Write 500ms, 90s, 10m or 2h.'],
    [["--max-duration", "10 min"], '--max-duration wants a number and a unit, not "10 min".'],
    [["--fault", "no-rever"], 'no fault is named "no-rever". Did you mean "no-revert"?'],
    [["--board", "gone"], 'no board profile "gone".'],
    [["--junit"], "--junit needs a value."],
    [["another.yaml"], "cannot use mine.yaml as a signed image: it is no MCUboot image"],
    [["another.yaml", "third.yaml"], '"third.yaml" is one argument too many.'],
    [["--bord", "x"], "unknown option --bord. Did you mean --board?"],
  ])("%j", async (argv, text) => {
    expect(await complaint(...argv)).toContain(text);
  });

  test.each([
    ["90s", 4],
    ["1m", 4],
    ["2h", 4],
    ["0.5s", 1],
  ])("but %s is a duration", async (text, judged) => {
    expect((await json("--max-duration", text)).result.cutsJudged).toBe(judged);
  });
});

describe("--json", () => {
  test("prints the result and nothing else", async () => {
    const { code, out } = await hilRun("--json");
    expect(code).toBe(0);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ schema: 1, scenario: "small", board: "small", seed: 1, error: null });
    expect(result.images).toHaveLength(2);
    expect(result.verdicts).toHaveLength(7);
  });

  test("prints the same for two runs of one seed: no path, time or host is in it", async () => {
    const [first, second] = [await hilRun("--json"), await hilRun("--json")];
    expect(first.out).toBe(second.out);
    expect(first.out).not.toContain(first.folder);
    expect(first.out).not.toMatch(/20\d\d-\d\d-\d\d/);
    expect((await hilRun("--json", "--seed", "2")).out).not.toBe(first.out);
  });

  test("tells by its kind what ended a run", async () => {
    const io = lab();
    await runCommand([...BASE, "--json", "--fault", "relay-stuck"], io).catch(() => {});
    expect(JSON.parse(io.printed())).toMatchObject({ result: { outcome: "error" }, error: { kind: "bench" } });
  });
});

describe("--junit", () => {
  test("writes a test case a verdict, also below a folder that is not there yet", async () => {
    const { folder } = await hilRun("--junit", "out/results.xml");
    const xml = readFileSync(join(folder, "out/results.xml"), "utf8");
    expect(xml.match(/<testcase /g)).toHaveLength(7);
  });

  test("that cannot be written is told before the run, not after it", async () => {
    const io = lab();
    mkdirSync(join(io.cwd, "results.xml"));
    const ended = runCommand([...BASE, "--junit", "results.xml"], io);
    await expect(ended).rejects.toMatchObject({ exitCode: 2 });
    expect(existsSync(join(io.cwd, "runs"))).toBe(false);
  });
});

describe("--dry-run", () => {
  // MCUboot that runs images in place decrypts none: the default scenario is not for it, and one of its own ships, too.
  const inPlace = (name: string) => name.startsWith("twin-xip");

  test.each(builtInBoards().filter((name) => name.startsWith("twin") && !inPlace(name)))(
    "of the default scenario is fine on the board %s that ships with hil",
    async (name) => {
      const io = memoryIo();
      expect([await runCommand(["--dry-run", "--board", name], io), io.complained()]).toEqual([0, ""]);
    },
  );

  test.each(builtInBoards().filter(inPlace))(
    "of xip-upgrade is fine on %s, and the default is refused",
    async (name) => {
      const io = memoryIo();
      expect([await runCommand(["xip-upgrade", "--dry-run", "--board", name], io), io.complained()]).toEqual([0, ""]);
      const complaint = await complaintOf(runCommand(["--dry-run", "--board", name], memoryIo()));
      expect(complaint).toMatchObject({ code: 2, text: expect.stringContaining("images.encrypt is true") });
    },
  );

  test.each([
    [["--label", "a"], "--label wants NAME=VALUE"],
    [["--webhook", "nowhere"], "--webhook wants an address"],
    [["--write", "sarfi"], "Did you mean sarif?"],
    [["--report", "x", "--write", "junit=x"], "html and junit would both be written to x"],
  ])("finds what a run would refuse: %j", async (options, said) => {
    const complaint = await complaintOf(runCommand(["--dry-run", ...options], memoryIo()));
    expect(complaint).toMatchObject({ code: 2, text: expect.stringContaining(said) });
  });

  test("shows images, swap and cuts, and touches no board", async () => {
    const { code, out, folder } = await hilRun("--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("small on small: a dry run, nothing moves");
    expect(out).toMatch(/image {5}new 2\.0\.0: 9,787 B, signed, encrypted/);
    expect(out).toMatch(/swap {6}\d+ flash operations, [\d.]+ s by the model/);
    expect(out).toContain("cuts      4 cuts, about ");
    expect(readdirSync(folder).toSorted()).toEqual(["mine.yaml", "small.yaml"]);
  });

  test("of a board with a single slot shows the upload in place of a swap", async () => {
    const io = memoryIo();
    expect(await runCommand(["recovery-upgrade", "--dry-run", "--board", "twin-single"], io)).toBe(0);
    expect(io.printed()).toMatch(/upload {4}\d+ flash operations, [\d.]+ s by the model/);
    const json = memoryIo();
    await runCommand(["recovery-upgrade", "--dry-run", "--board", "twin-single", "--json"], json);
    expect(JSON.parse(json.printed())).toMatchObject({ upload: { operations: expect.any(Number) } });
    expect(JSON.parse(json.printed())).not.toHaveProperty("swap");
  });

  test("counts the cuts that the command line gives", async () => {
    expect((await hilRun("--dry-run", "--cut-at", "5", "--cut-at", "9")).out).toContain("cuts      2 cuts");
    expect((await hilRun("--dry-run", "--cuts", "12")).out).toContain("cuts      12 cuts");
  });

  test("refuses what a run would refuse", async () => {
    expect(await complaint("--dry-run", "--cuts", "many")).toContain("--cuts wants a number");
    expect(await complaint("--dry-run", "--board", "gone")).toContain("no board profile");
  });

  test("with --json prints JSON and nothing else, with the images that a run has", async () => {
    const { out } = await hilRun("--dry-run", "--json");
    const plan = JSON.parse(out);
    expect(plan).toMatchObject({ schema: 1, cuts: 4 });
    const run = JSON.parse((await hilRun("--json")).out);
    expect(plan.images).toEqual(run.images);
  });
});
