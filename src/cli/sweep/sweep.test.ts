import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { blockOf } from "../../report/testing/page-block.ts";
import { replayCommand } from "../run/replay.ts";
import type { CliIo } from "../terminal/io.ts";
import { sweepCommand } from "./sweep.ts";

function bench(): { readonly io: CliIo; readonly text: () => string } {
  let out = "";
  const io: CliIo = {
    out: (text) => void (out += text),
    err: () => {},
    env: {},
    cwd: mkdtempSync(join(tmpdir(), "hil-sweep-")),
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  return { io, text: () => out };
}

const SMALL = ["--slot-sectors", "6", "--old-bytes", "9000", "--new-bytes", "11000"] as const;

describe("hil sweep", () => {
  test("passes where nothing is wrong, and says that every sequence was seen", async () => {
    const { io, text } = bench();
    expect(await sweepCommand([...SMALL], io)).toBe(0);
    expect(text()).toContain("every sequence of cuts, of any length");
    expect(text()).toContain("verdict   PASS");
  });

  test("draws what came of cuts at each operation, as a picture and as a page, and refuses other files", async () => {
    const { io } = bench();
    expect(await sweepCommand([...SMALL, "--cuts", "1", "-o", "sweep.svg"], io)).toBe(0);
    const svg = readFileSync(join(io.cwd, "sweep.svg"), "utf8");
    expect(svg).toContain("new image ran, then reverted");
    expect(svg).not.toContain(">must not be<");
    await sweepCommand([...SMALL, "--cuts", "1", "-o", "sweep.html"], io);
    const { plots } = blockOf(readFileSync(join(io.cwd, "sweep.html"), "utf8")).data;
    const [upgrade] = (plots?.charts ?? []).flatMap((chart) => (chart.kind === "bands" ? [chart] : []));
    const covered = upgrade?.rows.flatMap(({ spans }) => spans).reduce((sum, [from, to]) => sum + to - from, 0);
    expect(covered).toBe(upgrade?.length);
    await expect(sweepCommand([...SMALL, "-o", "sweep.png"], io)).rejects.toThrow(/\.html or \.svg/);
  });

  test.each([
    ["swap-move", "takes 0x4000 here"],
    ["swap-offset", "takes 0x4000 here"],
    ["swap-scratch", "swap using scratch takes 0x5"],
  ])("an image that does not fit is the request's fault, with sizes: %s", async (mode, sizes) => {
    const { io } = bench();
    const long = ["--slot-sectors", "6", "--old-bytes", "9000", "--new-bytes"];
    for (const bytes of ["22500", "40000"]) {
      const work = sweepCommand([...long, bytes, "--mode", mode], io);
      await expect(work).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(sizes) });
    }
  });

  test("a finding is a failure by its known name, and hil replay finds it again", async () => {
    const { io, text } = bench();
    expect(await sweepCommand([...SMALL, "--mode", "swap-offset", "--plain"], io)).toBe(1);
    expect(text()).toContain("brick, known defect U2");
    const [file] = readdirSync(join(io.cwd, "runs/sweep"));
    expect(await replayCommand([join("runs/sweep", file ?? ""), "--trace"], io)).toBe(1);
    expect(text()).toContain("FAIL  again: no image boots any more");
    const json = { ...io, printed: "", out: (more: string) => void (json.printed += more) };
    expect(await replayCommand([join("runs/sweep", file ?? ""), "--json"], json)).toBe(1);
    expect(JSON.parse(json.printed)).toMatchObject({
      schema: 1,
      finding: { class: "brick", known: "U2" },
      again: true,
      legs: ["request", "boot 1", "boot 2", "boot 3", "boot 4"].map((name) => ({ name })),
    });
  });

  test("cuts of a sweep of the revert only are shown over the revert's operations", async () => {
    const { io, text } = bench();
    expect(await sweepCommand([...SMALL, "--revert", "--cuts", "1"], io)).toBe(0);
    expect(text()).toMatch(/^revert +↶/m);
    expect(text()).not.toMatch(/^upgrade /m);
  });

  test("a budget that is too small is said: never all", async () => {
    const { io, text } = bench();
    await sweepCommand([...SMALL, "--budget", "50"], io);
    expect(text()).toMatch(/^covered {3}every sequence of up to 0 cuts; with 1 cut \d+ of \d+ states looked at/m);
    expect(text()).not.toContain("of any length");
  });

  test("a budget of an hour and a half is enough for a small upgrade", async () => {
    const { io, text } = bench();
    await sweepCommand([...SMALL, "--cuts", "1", "--budget", "1.5h"], io);
    expect(text()).toMatch(/^covered/m);
    expect(text()).not.toContain("states looked at");
  });

  test("a budget that ends before any level is whole is no pass: INCOMPLETE, exit 3", async () => {
    const { io, text } = bench();
    expect(await sweepCommand([...SMALL, "--budget", "1"], io)).toBe(3);
    expect(text()).toMatch(/^verdict {3}INCOMPLETE /m);
  });

  test("a strip never shows as kept what came and was taken back, and a legend says which is which", async () => {
    const { io, text } = bench();
    await sweepCommand([...SMALL, "--cuts", "1", "--torn"], io);
    expect(/^upgrade {3}(.*)$/m.exec(text())?.[1]).toMatch(/^[ ↶✗]*↶[ ↶✗]*$/);
    expect(text()).toMatch(/^ +↶ new image ran, then reverted/m);
    const permanent = bench();
    await sweepCommand([...SMALL, "--cuts", "1", "--permanent"], permanent.io);
    expect(/^upgrade {3}(.*)$/m.exec(permanent.text())?.[1]).not.toMatch(/[=↶]/);
  });

  test("JSON is one document", async () => {
    const { io, text } = bench();
    await sweepCommand([...SMALL, "--cuts", "1", "--json"], io);
    expect(JSON.parse(text())).toMatchObject({
      schema: 1,
      incomplete: false,
      covered_cuts: 1,
      waiting: 0,
      findings: [],
    });
  });

  test.each([
    [["--mode", "swap-mve"], 'no mode is named "swap-mve"'],
    [["--cuts", "some"], 'wants a number of cuts or "any"'],
    [["--budget", "2d"], "wants states or a time"],
    [["--primary", "new"], "--primary"],
    [["--old-bytes", "5"], "--old-bytes"],
    [["--slot-sectors", "2"], "--slot-sectors"],
  ] as const)("%j is refused with what to write instead", async (argv, hint) => {
    await expect(sweepCommand([...SMALL, ...argv], bench().io)).rejects.toThrow(hint);
  });
});
