import { afterAll, describe, expect, test } from "@jest/globals";
import { AdmissionBench, COMBINATIONS } from "./testing/admission-cases.ts";

const SUITE_MS = 300_000;
/** The twin is booted with one image in so many; the nightly boots it with all. */
const TWIN_EACH = 9;

let asked = 0;

describe("hil run admits an image exactly when it is installed, runs, and is taken back", () => {
  test.each(
    COMBINATIONS.map((row, index) => [`${row.board} ${row.generation} encrypt ${row.encrypt}`, row, index] as const),
  )(
    "%s",
    async (_, combination, index) => {
      using bench = new AdmissionBench(combination);
      const wrong: string[] = [];
      let booted = 0;
      for (const [number, image] of [...bench.cases()].entries()) {
        const isAdmitted = await bench.isAdmitted(image);
        asked += 1;
        // Two witnesses that know nothing of admission: the table of mutations, and a twin that boots it.
        if (image.good !== undefined && isAdmitted !== image.good) wrong.push(`${image.name}: admitted ${isAdmitted}`);
        const boots = image.good === true || number % TWIN_EACH === index % TWIN_EACH;
        if (!boots || image.name === "wrong-slot-address" || image.name === "short header") continue;
        booted += 1;
        const runs = await bench.runsOnTwin(image);
        if (runs !== isAdmitted) wrong.push(`${image.name}: admitted ${isAdmitted}, runs on the twin ${runs}`);
      }
      expect(wrong).toEqual([]);
      expect(booted).toBeGreaterThan(5);
    },
    SUITE_MS,
  );

  afterAll(() => expect(asked).toBeGreaterThan(400));
});
