import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { smallProfile, smallScenario } from "../../campaign/testing/small-campaign.ts";
import { mainIn } from "../main.ts";
import { memoryIo } from "../testing/memory-io.ts";

/** A folder with a small board and a small scenario. */
function lab(more: Parameters<typeof memoryIo>[0] = {}) {
  const io = memoryIo(more);
  writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
  writeFileSync(join(io.cwd, "mine.yaml"), smallScenario().text);
  return io;
}

const RUN = ["run", "mine.yaml", "--board", "small.yaml"];

describe("a report that cannot be written when the run has ended", () => {
  test("as it is a pipe that nobody reads is refused before the run, without a wait", async () => {
    const io = lab();
    execFileSync("mkfifo", [join(io.cwd, "results.xml")]);
    expect(await mainIn(io, [...RUN, "--junit", "results.xml"])).toBe(2);
    expect(io.complained()).toContain("cannot write results.xml: ENXIO");
  });

  test("is exit 3 with a sentence, and everything else is printed and recorded", async () => {
    let file = "";
    const io = lab();
    file = join(io.cwd, "results.xml");
    const out = (text: string) => {
      // A folder takes the report's place while the run goes on.
      if (text.startsWith("swap")) {
        rmSync(file);
        mkdirSync(file);
      }
      io.out(text);
    };
    expect(await mainIn({ ...io, out }, [...RUN, "--junit", "results.xml"])).toBe(3);
    expect(io.complained()).toMatch(/^hil: cannot write results\.xml: .*EISDIR/);
    expect(io.printed()).toContain("verdict   PASS");
    expect(io.printed()).toContain("record    runs/");
  });

  test("before it has, the report says that the run did not end", async () => {
    let begun = "";
    const io = lab();
    const file = join(io.cwd, "results.xml");
    const out = (text: string) => void (begun ||= text.startsWith("swap") ? readFileSync(file, "utf8") : "");
    expect(await mainIn({ ...io, out }, [...RUN, "--junit", "results.xml"])).toBe(0);
    expect(begun).toContain('tests="1" failures="0" errors="1" skipped="0"');
    expect(begun).toContain('name="bench"');
    expect(readFileSync(file, "utf8")).toContain('errors="0"');
    expect(readdirSync(io.cwd).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  test("holds the reason when the run did not even begin", async () => {
    const io = lab();
    writeFileSync(join(io.cwd, "mine.yaml"), smallScenario(["{ generate_bytes: 9000 }", "{ file: gone.bin }"]).text);
    expect(await mainIn(io, [...RUN, "--junit", "results.xml"])).toBe(2);
    const xml = readFileSync(join(io.cwd, "results.xml"), "utf8");
    expect(xml).toContain('<error type="configuration" message="');
    expect(xml).toContain("gone.bin");
  });
});

describe("a run that did not do what was asked", () => {
  const SHORT = [...RUN, "--max-duration", "10ms", "--junit", "results.xml"];

  test("says INCOMPLETE on the console, in run.json, JUnit and --json, and ends with 3", async () => {
    const io = lab();
    expect(await mainIn(io, SHORT)).toBe(3);
    expect(io.printed()).toMatch(
      /^verdict {3}INCOMPLETE 1 of 4 cuts made, as MCUboot allows: 1 .*; the rest was left unmade$/m,
    );
    const json = memoryIo({ cwd: io.cwd });
    expect(await mainIn(json, [...SHORT, "--json"])).toBe(3);
    expect(JSON.parse(json.printed())).toMatchObject({ result: { outcome: "incomplete", cutsJudged: 1 } });
    const [run = ""] = readdirSync(join(io.cwd, "runs"));
    expect(readFileSync(join(io.cwd, "runs", run, "run.json"), "utf8")).toContain('"outcome": "incomplete"');
    expect(readFileSync(join(io.cwd, "results.xml"), "utf8")).toContain("INCOMPLETE: 3 of 4 cuts were not made");
  });

  test("passes where that is allowed, and says what is left", async () => {
    const io = lab();
    expect(await mainIn(io, [...SHORT, "--allow-incomplete"])).toBe(0);
    expect(io.printed()).toMatch(/^verdict {3}PASS {2}1 of 4 cuts as MCUboot allows: .*; 3 left unmade, as allowed$/m);
    expect(readFileSync(join(io.cwd, "results.xml"), "utf8")).toContain('errors="0" skipped="1"');
  });
});

/** Where a disk of some hundred KiB can be mounted. */
const isRoot = process.getuid?.() === 0 && process.platform === "linux";
const diskTest = isRoot ? test : test.skip;

describe("a disk that fills up in mid-run", () => {
  const mount = mkdtempSync(join(tmpdir(), "hil-disk-"));

  beforeAll(() => {
    if (isRoot) execFileSync("mount", ["-t", "tmpfs", "-o", "size=320k", "tmpfs", mount]);
  });

  afterAll(() => {
    if (isRoot) execFileSync("umount", [mount]);
    rmSync(mount, { recursive: true });
  });

  diskTest(
    "is exit 3 and one error in JUnit, and the record ends with it (needs root, to mount a small tmpfs)",
    async () => {
      const io = lab();
      // Room for the reserve, the images and some events.
      writeFileSync(join(mount, "ballast"), new Uint8Array(100 * 1024));
      const argv = ["--cuts", "40", "--runs", join(mount, "runs"), "--junit", join(mount, "out.xml")];
      expect(await mainIn(io, [...RUN, ...argv])).toBe(3);
      expect(io.complained()).toBe(
        "hil: cannot write the run's record: no room is left on the disk (ENOSPC). Free some, or write to another disk.\n",
      );
      expect(io.printed()).toMatch(/verdict {3}ERROR the bench failed after \d+ of 40 cuts/);
      const [run = ""] = readdirSync(join(mount, "runs"));
      const document = JSON.parse(readFileSync(join(mount, "runs", run, "run.json"), "utf8"));
      expect(document).toMatchObject({ state: "finished", result: { outcome: "error" } });
      const events = readFileSync(join(mount, "runs", run, "events.jsonl"), "utf8").split("\n");
      expect(events.pop()).toBe("");
      expect(events.map((line) => JSON.parse(line).event).at(-1)).toBe("run-finished");
      const xml = readFileSync(join(mount, "out.xml"), "utf8");
      expect(xml).toMatch(/<testsuites name="hil" tests="\d+" failures="0" errors="1" skipped="0"/);
      expect(xml).toContain('name="bench"');
    },
  );
});
