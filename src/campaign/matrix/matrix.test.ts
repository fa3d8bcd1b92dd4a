import { describe, expect, test } from "@jest/globals";
import { cellsOf, cellTitle, parseMatrix } from "./matrix.ts";

const TEXT = `schema: 1
name: m
matrix:
  old:
    - { name: a, version: "1.0.0", payload: { generate_bytes: 2048 },
        network: { version: "3.0.0", payload: { generate_bytes: 2048 } } }
    - { name: b, version: "1.1.0", payload: { generate_bytes: 3072 } }
  new:
    - { name: b, version: "1.1.0", payload: { generate_bytes: 3072 } }
    - { name: c, version: "2.0.0", payload: { image: c.bin }, encrypt: false }
  request: [test, permanent]
  cells:
    - { old: b, request: permanent, skip: "never asked for" }
    - { new: c, expect: refused }
images: { encrypt: false }
cuts: { on: ["Starting swap+250"] }
boots_after: 1
`;
const BOARDS = [{ names: ["twin"] }];
const matrix = (text = TEXT) => parseMatrix(text, "/lab/m.yaml");

describe("a matrix", () => {
  test("has a cell for every old build, new build and request, but none from a build to itself", () => {
    expect(cellsOf(matrix(), BOARDS).map(cellTitle)).toEqual([
      "a to b, test",
      "a to b, permanent",
      "a to c, test",
      "a to c, permanent",
      "b to c, test",
      "b to c, permanent",
    ]);
    expect(cellsOf(matrix(), [...BOARDS, ...BOARDS])).toHaveLength(12);
  });

  test("makes of each cell a scenario as somebody would write it, with the first rule that fits", () => {
    const cells = cellsOf(matrix(), BOARDS);
    const [first, , third] = cells;
    expect(first?.scenario.value).toMatchObject({
      name: "m: a to b, test",
      request: "test",
      boots_after: 1,
      images: { encrypt: false, old: { version: "1.0.0" }, network: { old: { version: "3.0.0" } } },
    });
    expect(first?.scenario.value.expect).toBeUndefined();
    expect(third?.scenario.value).toMatchObject({ expect: "refused", images: { new: { encrypt: false } } });
    expect(third?.scenario.value.cuts).toEqual(first?.scenario.value.cuts);
    expect(cells.map(({ skip }) => skip !== undefined)).toEqual([false, false, false, false, false, true]);
    // Paths start at the matrix, and errors name the cell.
    expect(third?.scenario.file).toBe("/lab/m.yaml [a to c, test]");
  });

  test.each([
    [TEXT.replace("{ new: c, expect", "{ new: d, expect"), /line 14: matrix.cells\[1\] fits no cell/],
    [TEXT.replace("name: a,", "name: a/b,"), /line 5: .*name/],
    [TEXT.replace("request: [test, permanent]", "request: [often]"), /line 11: .*request/],
    [TEXT.replace("boots_after", "bots_after"), /bots_after/],
  ])("is refused with its line where it is wrong", (text, said) => {
    expect(() => cellsOf(matrix(text), BOARDS)).toThrow(said);
  });
});
