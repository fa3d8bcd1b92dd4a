import { describe, expect, test } from "@jest/globals";
import { boot, outcomeOf, shown } from "../testing/shown-boots.ts";
import { checkNetwork, counterExpected, networkText } from "./check-network.ts";
import { weigh } from "./weigh.ts";

describe("what the network core says after an update of both cores", () => {
  test("is told beside the slots, and the version that was asked for is right", () => {
    const found = weigh(boot({ network: { wanted: 4, said: 4 } }), { outcomes: [outcomeOf()] });
    expect(found.pass).toBe(true);
    expect(found.found).toBe("2.0.0 running, unconfirmed; 1.0.0 in slot 1; the network core runs version 4");
  });

  test("fails a board whose slots are right, when it is another version or silence", () => {
    expect(checkNetwork(shown({ network: { wanted: 4, said: 3 } }))).toEqual({
      ending: "wrong image",
      because: expect.stringContaining("was to run version 4"),
    });
    expect(checkNetwork(shown({ network: { wanted: 4, said: undefined } }))).toMatchObject({
      because: "the network core does not say on its UART what it runs",
    });
    expect(networkText({ wanted: 4, said: undefined })).toBe("; the network core says nothing");
  });

  test("does not hide why the application's slots were wrong", () => {
    const evidence = boot({ slots: ["2.0.0 active", undefined], network: { wanted: 4, said: 3 } });
    const found = weigh(evidence, { outcomes: [outcomeOf()] });
    expect(found).toMatchObject({ pass: false, ending: "wrong slots", because: "the model says so" });
  });

  test("says nothing of a board without such an update", () => {
    expect(checkNetwork(shown({}))).toBeUndefined();
  });

  test.each([
    [true, 5, 4, 5],
    [true, 3, 4, 4],
    [false, 5, 4, 4],
  ])("with downgrade prevention %s, from %i to %i comes to %i", (downgradePrevention, before, wanted, counter) => {
    const direction = { from: { network: { counter: before } }, to: { network: { counter: wanted } } };
    expect(counterExpected({ downgradePrevention }, direction)).toBe(counter);
  });
});
