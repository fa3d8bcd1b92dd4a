import { expect, test } from "@jest/globals";
import { type ChipCore, ChipNotes } from "./chip-note.ts";

test("a core that resets all the time takes nothing from the other one's notes", () => {
  const notes = new ChipNotes();
  const add = (core: ChipCore, detail: number) => notes.add({ what: "reset", core, atUs: detail, detail });
  for (let turn = 0; turn < 5000; turn += 1) add("network", turn);
  add("application", 5000);
  const taken = notes.take();
  expect(taken.length).toBe(1001);
  expect(taken.at(-1)).toMatchObject({ core: "application", detail: 5000 });
  add("network", 5001);
  expect(notes.take()).toEqual([{ what: "reset", core: "network", atUs: 5001, detail: 5001 }]);
});
