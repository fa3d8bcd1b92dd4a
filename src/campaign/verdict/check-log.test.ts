import { expect, test } from "@jest/globals";
import { line, outcomeOf, shown } from "../testing/shown-boots.ts";
import { checkLog, decisionsIn } from "./check-log.ts";

const DECIDED = ["I: Image index: 0, Swap type: test", "I: Starting swap using move algorithm."];
const boot = (...texts: string[]) => shown({ lines: texts.map((text) => line(text)) });
const rule = (...possible: string[][]) => ({ outcomes: [outcomeOf()], decisions: possible });

test("only lines that say what was decided count, whatever level they were printed at", () => {
  expect(decisionsIn(DECIDED.map((text) => ({ text })))).toEqual(["Image index: 0, Swap type: test"]);
});

test("a log that decided what the model did is right, and so is any of several", () => {
  const none = ["Image index: 0, Swap type: none"];
  expect(checkLog(boot(...DECIDED), rule(["Image index: 0, Swap type: test"]))).toBeUndefined();
  expect(checkLog(boot(...DECIDED), rule(none, ["Image index: 0, Swap type: test"]))).toBeUndefined();
});

test("another decision, one too many, and one that is missing fail, with both texts", () => {
  const because = (found: string, wanted: string) => ({
    ending: "wrong log",
    because: `the boot log says ${found} where MCUboot must say ${wanted}`,
  });
  const [tested, none] = ["Image index: 0, Swap type: test", "Image index: 0, Swap type: none"];
  expect(checkLog(boot(...DECIDED), rule([none]))).toEqual(because(`"${tested}"`, `"${none}"`));
  expect(checkLog(boot(...DECIDED), rule([]))).toEqual(because(`"${tested}"`, "nothing"));
  expect(checkLog(boot("I: nothing of note"), rule([none]))).toEqual(because("nothing", `"${none}"`));
});

test("a log is not looked at where nothing is said of it, or no boot shows in it", () => {
  expect(checkLog(boot(...DECIDED), { outcomes: [] })).toBeUndefined();
  const unseen = { ...boot(), seen: { ...boot().seen, boots: 0 } };
  expect(checkLog(unseen, rule(["Image index: 0, Swap type: none"]))).toBeUndefined();
});
