import { describe, expect, test } from "@jest/globals";
import { TWIN_FAULT_NAMES } from "../../twin/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { faultsCommand, listedFaults } from "./faults-list.ts";

async function listed(...argv: string[]): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  const io: CliIo = {
    out: (text) => void (out += text),
    err: () => {},
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  return { code: await faultsCommand(argv, io), out };
}

describe("hil faults", () => {
  test("lists every fault that a twin can have, once, upstream bugs with versions, source and scenario", () => {
    const faults = listedFaults();
    expect(faults.map((row) => row.name).toSorted()).toEqual([...TWIN_FAULT_NAMES].toSorted());
    const upstream = faults.filter((row) => row.upstream);
    for (const row of upstream) expect([row.versions, row.source, row.scenario]).not.toContain(undefined);
    expect(upstream.length).toBeGreaterThanOrEqual(25);
  });

  test("prints them with what a board shows, no line wider than the terminal", async () => {
    const { code, out } = await listed();
    expect(code).toBe(0);
    expect(out).toContain("R11-1588");
    expect(out).toContain("scenario faults/R11-1588, board small/move\n");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("--json --upstream gives the real ones as data", async () => {
    const { out } = await listed("--json", "--upstream");
    const rows: { readonly name: string; readonly upstream: boolean }[] = JSON.parse(out);
    expect(rows.every((row) => row.upstream)).toBe(true);
    expect(rows.map((row) => row.name)).toContain("DZ-111701");
  });
});
