import { describe, expect, test } from "@jest/globals";
import { parseProfile } from "../../board/index.ts";
import { eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";

const AIR = ["baud_rate: 1000000 } }", "baud_rate: 1000000 }, smp: { ble: lab-07 } }"] as const;

describe("a campaign over Bluetooth LE, with the UART as witness", () => {
  test("passes with every cut of the swap judged, over a link that is made anew after each boot", async () => {
    const outcome = await smallRun({ board: smallProfile(AIR) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 4, failed: 0 });
    expect(new Set(eventsOf(outcome.events, "boot-seen").map(({ evidence }) => evidence))).toContain("banner");
  });

  test.each(["upload", "request"])("cuts in the %s, too", async (what) => {
    const scenario = smallScenario(["count: 4", `count: 3, in: ${what}`]);
    const outcome = await smallRun({ board: smallProfile(AIR), scenario });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 3, failed: 0 });
  });

  test("is the same, event by event, when it is run again", async () => {
    const [once, again] = [await smallRun({ board: smallProfile(AIR) }), await smallRun({ board: smallProfile(AIR) })];
    expect(again.events).toEqual(once.events);
  });

  test("says of a board that runs and that nobody hears: up, not reachable, net core?", async () => {
    const board = smallProfile(AIR, ["faults: []", "faults: [radio-silent]"]);
    const outcome = await smallRun({ board, scenario: smallScenario(["count: 4", "count: 0"]) });
    const upButSilent =
      /the board is up \("I: mcuboot-hil payload .* is up"\) but not reachable over the air as "lab-07": net core\?/;
    const [judged] = eventsOf(outcome.events, "verdict");
    expect(judged?.verdict).toMatchObject({
      pass: false,
      ending: "no boot",
      because: expect.stringMatching(upButSilent),
    });
    // A debugger on the application's core does not bring it back, either.
    expect(outcome.result).toMatchObject({ outcome: "error", failed: 1 });
    expect(String(outcome.error)).toMatch(upButSilent);
  });
});

describe("a profile whose board is in the air", () => {
  const profile = (smp: string) => `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/a }, smp: ${smp} }
power: { driver: lcus, port: { path: /dev/relay }, channel: 1, contact: NC, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: none }
images: { encryption: none }
`;
  test("names the adapter by path or by J-Link, at 1 Mbaud with RTS and CTS", () => {
    const smp = (text: string) => parseProfile(profile(text), "/lab/lab.yaml").profile.ports.smp;
    expect(smp("{ ble: lab-07, path: /dev/ttyACM3 }")).toMatchObject({
      ...{ ble: "lab-07", path: "/dev/ttyACM3", baudRate: 1_000_000, hardwareFlowControl: true },
    });
    expect(smp('{ ble: lab-07, jlink: "1050012345", interface: 2 }')).toMatchObject({ ble: "lab-07", interface: 2 });
  });

  test.each([
    ["{ ble: lab-07 }", /ports\.smp\.path .*is missing: the port of the HCI adapter/],
    ["{ ble: lab-07, path: /dev/a }", /ports\.smp is the same port as ports\.app/],
    ["{ ble: lab-07, path: /dev/b, framing: raw }", /ports\.smp/],
    ["{ ble: a-name-that-is-longer-than-any-board-can-say, path: /dev/b }", /29 bytes/],
  ])("is refused with ports.smp: %s", (smp, text) => {
    expect(() => parseProfile(profile(smp), "/lab/lab.yaml")).toThrow(text);
  });

  test("is refused of a simulated board that names an adapter", () => {
    expect(() => smallProfile([AIR[0], AIR[1].replace("lab-07", "lab-07, path: /dev/b")])).toThrow(
      /ports\.smp .*the air of a simulated board is in this process/,
    );
  });
});
