import { describe, expect, test } from "@jest/globals";
import { boot, outcomeOf, shown } from "../testing/shown-boots.ts";
import type { NetworkReport } from "./check.ts";
import { checkNetwork, isOlderNetwork, reportedNetwork } from "./check-network.ts";
import { weigh } from "./weigh.ts";

const facts = (counter: number | undefined, version = `${counter}.0.0`) => ({ counter, image: { version } });
const byUart = (value: string) => ({ value, by: "its UART" });
const COPIED = { copied: true, line: "Turned off network core" };

const report = (more: Partial<NetworkReport> = {}): NetworkReport => ({
  to: facts(4),
  from: facts(3),
  updates: true,
  told: undefined,
  log: undefined,
  alive: undefined,
  optional: false,
  ...more,
});

const ending = (more: Partial<NetworkReport>) => checkNetwork(shown({ network: report(more) }))?.ending;

describe("what is told of the network core after an update of it", () => {
  test("stands beside the slots with who told it, and the version that was asked for is right", () => {
    const found = weigh(boot({ network: report({ told: byUart("4") }) }), { outcomes: [outcomeOf()] });
    expect(found.pass).toBe(true);
    expect(found.found).toBe("2.0.0 running, unconfirmed; 1.0.0 in slot 1; the network core runs version 4 (its UART)");
  });

  test("fails a board whose slots are right, when it is another version", () => {
    expect(checkNetwork(shown({ network: report({ told: byUart("3") }) }))).toEqual({
      ending: "wrong image",
      because: expect.stringContaining("was to run version 4"),
    });
  });

  test("is no pass when nobody tells, unless the scenario wants no witness", () => {
    expect(checkNetwork(shown({ network: report() }))).toEqual({
      ending: "network core not told",
      because: expect.stringMatching(/^network core: not told: .*ports\.net\.version/),
    });
    expect(ending({ optional: true })).toBeUndefined();
    expect(ending({ optional: true, told: byUart("3") })).toBe("wrong image");
    expect(reportedNetwork(report())).toBe("; the network core says nothing");
    expect(reportedNetwork(report({ alive: "*** Booting nRF Connect SDK ***" }))).toMatch(
      /boots \(".*"\) and says no version/,
    );
  });

  test.each([
    ["4", undefined],
    ["0x4", undefined],
    ["4.0.0", undefined],
    ["v4.0.0+0", undefined],
    ["4.0.1", "wrong image"],
    ["40", "wrong image"],
    ["4.0.0+7", "wrong image"],
    ["main-4f2a", "network core not told"],
  ])("%s as counter 4 and version 4.0.0 comes to %s", (value, expected) => {
    expect(ending({ told: byUart(value) })).toBe(expected);
  });

  test("by MCUboot's log alone: a copy that was made is right, one that b0n refused is wrong", () => {
    expect(ending({ log: COPIED })).toBeUndefined();
    expect(reportedNetwork(report({ log: COPIED }))).toContain('updated (MCUboot\'s log: "Turned off network core")');
    expect(ending({ log: { copied: false, line: "Network core update failed" } })).toBe("wrong image");
  });

  test("a version that both images have tells nothing, unless the log shows the copy", () => {
    const same = { from: facts(1, "1.0.0"), to: facts(1, "2.0.0"), told: byUart("1") };
    expect(ending(same)).toBe("network core not told");
    expect(ending({ ...same, log: COPIED })).toBeUndefined();
    expect(ending({ ...same, told: byUart("2.0.0") })).toBeUndefined();
  });

  test("of an image that is to be refused: the old one runs on", () => {
    expect(ending({ updates: false, told: byUart("3") })).toBeUndefined();
    expect(ending({ updates: false, told: byUart("4") })).toBe("wrong image");
    expect(ending({ updates: false, from: undefined, told: byUart("9") })).toBeUndefined();
    expect(ending({ updates: false, log: COPIED })).toBe("wrong image");
  });

  test("does not hide why the application's slots were wrong", () => {
    const evidence = boot({ slots: ["2.0.0 active", undefined], network: report({ told: byUart("3") }) });
    const found = weigh(evidence, { outcomes: [outcomeOf()] });
    expect(found).toMatchObject({ pass: false, ending: "wrong slots", because: "the model says so" });
  });

  test("is nothing on a board without such an update", () => {
    expect(checkNetwork(shown({}))).toBeUndefined();
  });

  test.each([
    [true, 5, 4, true],
    [true, 3, 4, false],
    [false, 5, 4, false],
  ])(
    "with downgrade prevention %s, from %i to %i is refused as older: %s",
    (downgradePrevention, before, to, older) => {
      const direction = { from: { network: { counter: before } }, to: { network: { counter: to } } };
      expect(isOlderNetwork({ downgradePrevention }, direction)).toBe(older);
    },
  );
});
