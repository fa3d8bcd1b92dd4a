import { expect, test } from "@jest/globals";
import { FlashLines } from "./flash-lines.ts";

const span = { kind: "erase", firstPage: 3, lastPage: 4, fromUs: 10, toUs: 20, operations: 2 } as const;
const done = { pageBytes: 4096, spans: [span], passed: 0, erases: [[3, 2]] } as const;

test("a line has what the flash did, its kind in a letter", () => {
  expect(JSON.parse(new FlashLines().line(30, done) ?? "")).toEqual({
    atUs: 30,
    pageBytes: 4096,
    spans: [["e", 3, 4, 10, 20, 2]],
    passed: 0,
    erases: [[3, 2]],
  });
  expect(new FlashLines().line(30, { ...done, spans: [], erases: [] })).toBeUndefined();
});

test("a run that has as many stretches as it keeps goes on with its erases, and says how many operations it passes", () => {
  const lines = new FlashLines(3);
  const spans = [span, span];
  const told = [1, 2, 3].map((atUs) => JSON.parse(lines.line(atUs, { ...done, spans, passed: 5 }) ?? "") as object);
  expect(told).toMatchObject([
    { spans: [{}, {}], passed: 5, erases: [[3, 2]] },
    { spans: [], passed: 9, erases: [[3, 2]] },
    { spans: [], passed: 9 },
  ]);
});
