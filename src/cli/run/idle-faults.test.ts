import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { blockOf } from "../../report/testing/page-block.ts";
import { mainIn } from "../main.ts";
import { memoryIo } from "../testing/memory-io.ts";

/** An upgrade to an image that is nowhere near the last sector: R26 is in the bootloader, and has nothing to do. */
const RUN = ["run", "faults/R27-2268", "--board", "small/offset", "--fault", "R26-7330df7c"];
const IDLE = "the fault R26-7330df7c never acted: this run shows nothing about it";

describe("a run whose planted fault never acted", () => {
  test("is INCOMPLETE and ends with 3, on the console, in JUnit, in its record and its page, also when that is allowed", async () => {
    const io = memoryIo({});
    const outputs = ["--junit", "results.xml", "--report", "page.html", "--allow-incomplete"];
    expect(await mainIn(io, [...RUN, ...outputs])).toBe(3);
    expect(io.printed()).toMatch(/^verdict {3}INCOMPLETE \d checks? as MCUboot allows; no cuts; /m);
    expect(io.printed()).toContain(`; no cuts; ${IDLE}`);
    const file = (name: string) => readFileSync(join(io.cwd, name), "utf8");
    expect(file("results.xml")).toContain(`<error type="idle fault" message="INCOMPLETE: ${IDLE}"/>`);
    const [run = ""] = readdirSync(join(io.cwd, "runs"));
    const { result } = JSON.parse(file(join("runs", run, "run.json")));
    expect(result).toMatchObject({ outcome: "incomplete", failed: 0, idleFaults: ["R26-7330df7c"] });
    expect(JSON.stringify(blockOf(file("page.html")).data)).toContain(IDLE);
  });

  test("is told by name in --json", async () => {
    const io = memoryIo({});
    expect(await mainIn(io, [...RUN, "--json"])).toBe(3);
    const { result } = JSON.parse(io.printed());
    expect(result).toMatchObject({ outcome: "incomplete", idleFaults: ["R26-7330df7c"] });
  });

  test("beside one that acted: the run fails for the other, and says which one did nothing", async () => {
    const io = memoryIo({});
    expect(await mainIn(io, [...RUN, "--fault", "R27-2268"])).toBe(1);
    expect(io.printed()).toContain(IDLE);
    expect(io.printed()).not.toContain("R27-2268 never acted");
  });
});
