import { describe, expect, test } from "@jest/globals";
import { parseProfile } from "../../board/index.ts";
import { parseScenario } from "../../campaign/index.ts";
import { Attributer } from "../causes/attribute.ts";
import { machineOf } from "../testing/told-history.ts";
import { campaignOf } from "./campaign-of.ts";
import { FIELD_REPLAY_SCHEMA, fieldReplay, historyOf, shapeOf } from "./history-schema.ts";
import { minimise, sizeOf } from "./minimise.ts";

const { shape } = machineOf({ generation: "ncs-2.2" }).world;
const ask = { acts: [{ kind: "ask" }] } as const;
const idle = { acts: [] };
const found = {
  shape: { ...shape, permanent: true },
  history: { legs: [idle, { ...ask, cut: { operation: 37 } }, idle, idle], tail: [] },
};

describe("the smallest case", () => {
  const attributer = new Attributer();
  const small = minimise(attributer, "R11-1588", found);

  test("has the same cause, with fewer boots and a plain request", () => {
    expect(attributer.attribute(found.shape, found.history)?.cause).toBe("R11-1588");
    expect(attributer.attribute(small.shape, small.history)?.cause).toBe("R11-1588");
    expect(sizeOf(small)).toMatchObject({ boots: 2, cuts: 1 });
    expect(small.shape.permanent).toBe(false);
    expect(small.shape.oldBytes).toBeLessThan(found.shape.oldBytes);
  });

  test("cannot lose what it was made of: a cause that does not act leaves it as it is", () => {
    expect(minimise(attributer, "U1", found)).toEqual(found);
  });

  test("goes into a file and comes back the same", () => {
    const file = FIELD_REPLAY_SCHEMA.parse(
      JSON.parse(JSON.stringify(fieldReplay("R11-1588", small.shape, small.history))),
    );
    expect([shapeOf(file.world), historyOf(file.history)]).toEqual([small.shape, small.history]);
  });

  test("is a campaign that hil run takes: the same operation, on slots of the same length", () => {
    const texts = campaignOf("R11-1588", small);
    const board = parseProfile(texts?.profile ?? "", "/field.yaml");
    const scenario = parseScenario(texts?.scenario ?? "", "/field-scenario.yaml");
    expect(scenario.value.cuts.operations).toEqual([[small.history.legs[0]?.cut?.operation]]);
    expect(board.profile.bootloader.generation).toBe("ncs-2.2");
  });

  test("is none where power went inside the request, or twice with a boot between", () => {
    const request = { legs: [{ acts: [{ kind: "ask", cut: { operation: 1 } }] } as const], tail: [] };
    expect(campaignOf("U8", { shape, history: request })).toBeUndefined();
    const twice = { legs: [{ ...ask, cut: { operation: 3 } }, idle, { acts: [], cut: { operation: 3 } }], tail: [] };
    expect(campaignOf("U2", { shape, history: twice })).toBeUndefined();
  });
});
