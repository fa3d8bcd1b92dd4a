import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { BenchPlot } from "../bench/plot.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-bench-plot-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a bench draws what it measured where -o asks for it, and its own arguments stay", () => {
  const file = join(folder, "bench.svg");
  const argv = ["node", "bench.ts", "200", "-o", file, "3"];
  {
    using plot = new BenchPlot("A <bench>", argv);
    plot.turns("seconds", [{ name: "s", values: [1, 3, 2] }]);
    plot.times("latency", [1, 1, 2]);
    plot.times("nothing", []);
  }
  expect(argv).toEqual(["node", "bench.ts", "200", "3"]);
  const svg = readFileSync(file, "utf8");
  expect(svg).toContain("A &#60;bench&#62;");
  expect(svg.match(/<g /g)).toHaveLength(2);
});

test("a bench that is asked for a picture of another kind says so before it measures", () => {
  expect(() => new BenchPlot("x", ["node", "bench.ts", "-o", "x.png"])).toThrow("FILE.html or FILE.svg");
});
