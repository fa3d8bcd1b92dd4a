import { describe, expect, test } from "@jest/globals";
import { lastWords } from "./last-words.ts";

/** What listens for the end of this process now, and did not before. */
function added(work: () => void): readonly (() => void)[] {
  const before = new Set(process.listeners("exit"));
  work();
  return process.listeners("exit").filter((listener) => !before.has(listener)) as unknown as readonly (() => void)[];
}

describe("last words", () => {
  test("are said when the process ends, all of them, whatever one of them throws, and not once they are taken back", () => {
    const said: string[] = [];
    const takeBack: (() => void)[] = [];
    const listeners = added(() => {
      takeBack.push(
        lastWords(() => said.push("a")),
        lastWords(() => {
          throw new RangeError("no");
        }),
        lastWords(() => said.push("b")),
        lastWords(() => said.push("c")),
      );
    });
    expect(listeners).toHaveLength(1);
    takeBack.pop()?.();
    for (const say of listeners) say();
    expect(said).toEqual(["a", "b"]);
    for (const undo of takeBack) undo();
    expect(added(() => lastWords(() => said.push("d"))())).toEqual([]);
  });
});
