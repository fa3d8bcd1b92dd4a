import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { verdictsIn } from "./recorded-lines.ts";

describe("verdicts of a record", () => {
  test("come back one by one as they were written, also those that are longer than what is read at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-lines-"));
    try {
      const written = ["é", "x".repeat(200_000), "last"].map((found) => ({ found }));
      writeFileSync(join(folder, "verdicts.jsonl"), written.map((verdict) => `${JSON.stringify(verdict)}\n`).join(""));
      expect([...verdictsIn(folder)]).toEqual(written);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
