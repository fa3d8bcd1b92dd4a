import { expect, test } from "@jest/globals";
import { LogLines } from "./log-lines.ts";

test("of a log that is nothing but a bootloader's lines the last ones are kept, with their numbers", () => {
  const log = new LogLines("x.log");
  const line = "Starting bootloader ".repeat(50_000);
  for (let count = 0; count < 40; count += 1) log.add(`${count} ${line}`);
  const kept = log.text().split("\n");
  expect(kept).toHaveLength(40);
  expect(kept.map((text, index) => text === "" || text.startsWith(`${index} `))).not.toContain(false);
  expect(kept[39]).toMatch(/^39 /);
  expect(log.text().length).toBeLessThan(9 * 1024 * 1024);
  expect(kept[0]).toBe("");
  expect(log.count).toBe(40);
});

test("what stands between is counted, and nothing of it kept: an early line is not pushed out by others' lines", () => {
  const log = new LogLines("x.log");
  const lines = ["", "first", ...Array.from({ length: 2_000_000 }, () => ""), "last", "", ""];
  for (const line of lines) log.add(line);
  expect(log.text() === lines.join("\n")).toBe(true);
});

test("of a log of too many lines it is said that they are too many", () => {
  const log = new LogLines("x.log");
  const fill = () => {
    for (;;) log.add("");
  };
  expect(fill).toThrow("x.log has more than 25000000 lines.");
});
