import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LabBench, labNode, NO_LAB_NODE } from "../../cli/testing/lab-program.ts";
import { blockOf } from "../../report/testing/page-block.ts";

const node = labNode();
const withLab = node === undefined ? describe.skip : describe;

withLab(`hil lab --demo${node === undefined ? ` (${NO_LAB_NODE})` : ""}`, () => {
  test("has a scheduled night: two boards pass, the broken one fails, the morning page tells of all three", async () => {
    await using bench = new LabBench(node ?? "");
    const { code, out, err } = await bench.start(["lab", "--demo"]).done;
    expect([code, out + err]).toEqual([0, expect.stringMatching(/^report +hil-lab-demo\/morning.html$/m)]);
    expect(out + err).toMatch(/^\d +failed +encrypted-upgrade +demo-3 .*FAIL cut/m);
    const html = readFileSync(join(bench.folder, "hil-lab-demo/morning.html"), "utf8");
    const page = JSON.stringify(blockOf(html).data);
    for (const name of ["demo-1", "demo-2", "demo-3"]) expect(page).toContain(name);
    const records = join(bench.folder, "hil-lab-demo/runs");
    const labels = readdirSync(records, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => JSON.parse(readFileSync(join(records, name, "host.json"), "utf8")).labels.schedule);
    expect(labels).toEqual(["nightly", "nightly", "nightly"]);
    expect((await bench.start(["lab", "--demo"]).done).code).toBe(2);
  }, 240_000);
});
