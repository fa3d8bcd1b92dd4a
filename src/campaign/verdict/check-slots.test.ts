import { expect, test } from "@jest/globals";
import { outcomeOf, shown } from "../testing/shown-boots.ts";
import { checkSlots, deadOutcome, indistinguishable } from "./check-slots.ts";

const DEFECT = { knownDefect: "U1", violation: "fallback lost", because: "it is lost" } as const;

test.each([
  ["the slots of a right outcome", {}, [outcomeOf()], undefined],
  ["another running image", { slots: ["3.0.0 active"] }, [outcomeOf()], "wrong image"],
  ["another flag", { slots: ["2.0.0 active confirmed", "1.0.0"] }, [outcomeOf()], "wrong flags"],
  ["the slots of a known defect", {}, [outcomeOf(undefined, DEFECT)], "fallback lost"],
  ["an application where no outcome has one", {}, [], "wrong image"],
  ["a board that does not come up", { ending: "boot loop", slots: [] }, [outcomeOf()], "boot loop"],
] as const)("%s", (_, what, outcomes, ending) => {
  expect(checkSlots(shown(what, outcomes))?.ending).toBe(ending);
});

test("a board that hangs where MCUboot is known to hang is said to hang, by the defect's name", () => {
  const hang = outcomeOf([], {
    knownDefect: "R9",
    because: "it waits",
    result: { kind: "hang", swapTypes: [] } as never,
  });
  expect(deadOutcome([outcomeOf(), hang])).toBe(hang);
  expect(checkSlots(shown({ ending: "no boot", slots: [] }, [outcomeOf(), hang]))).toEqual({
    ending: "hangs",
    because: expect.stringContaining("known defect R9: it waits"),
  });
});

test("outcomes that list the same are told apart from others, and defects are left out", () => {
  const outcomes = [
    outcomeOf(),
    outcomeOf(undefined, { ending: "resumed" }),
    outcomeOf(["1.0.0 active confirmed"]),
    outcomeOf(undefined, DEFECT),
  ];
  expect(indistinguishable(shown({}, outcomes))).toEqual(outcomes.slice(0, 2));
  expect(indistinguishable(shown({ ending: "no boot", slots: [] }, outcomes))).toEqual([]);
});
