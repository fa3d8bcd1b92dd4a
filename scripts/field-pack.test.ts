import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { packFile, packText } from "./field-pack.ts";
import { PACK } from "./field-pack-rows.ts";
import { halfOf, packCase, rankOf, searchCase } from "./field-pack-search.ts";

/** Of the pack, what is quick enough for every test run. */
const SAMPLE = ["ncs171-encrypted-app", "brick-after-last-move", "permanent-became-test", "nobody-confirmed"];

test("the pack has thirty failures and more, each with its file", () => {
  expect(PACK.length).toBeGreaterThanOrEqual(30);
  for (const { name, cause } of PACK) expect(packCase(name).answer).toBe(cause);
});

test.each(SAMPLE)(
  "%s: the log in its file is the one that the model prints, and its cause comes first",
  async (name) => {
    const row = PACK.find((candidate) => candidate.name === name);
    expect(row && packText(row)).toBe(readFileSync(packFile(name), "utf8"));
    expect(rankOf(await searchCase(packCase(name)), row?.cause ?? "")).toBe(1);
  },
);

test("half of what was sent names the cause of NCS 1.7.1's thread all the same", async () => {
  expect(rankOf(await searchCase(halfOf(packCase("ncs171-encrypted-app"))), "R35")).toBe(1);
});
