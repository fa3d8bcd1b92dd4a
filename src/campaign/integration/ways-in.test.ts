import { describe, expect, test } from "@jest/globals";
import { parseProfile } from "../../board/index.ts";
import { eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";

const RAW = ["baud_rate: 1000000 }", "baud_rate: 1000000, framing: raw }"] as const;
/** A silent boot may be cut anywhere in it: of a swap, that is much for the judge to think of. */
const OVERWRITE = ["swap-move", "overwrite-only"] as const;
const TO_NEW = ["revert_check: true", "revert_check: false"] as const;
const TWO = smallScenario(["count: 4", "count: 2"], ["revert_check: true", "revert_check: false"]);

describe("a campaign over packets without frames, on a line that carries no log", () => {
  test("passes with every cut judged, and knows boots by what the board forgets", async () => {
    const outcome = await smallRun({ board: smallProfile(RAW, OVERWRITE), scenario: TWO });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 2, failed: 0 });
    const evidence = new Set(eventsOf(outcome.events, "boot-seen").map((event) => event.evidence));
    expect(evidence.has("banner")).toBe(false);
    expect(evidence.has("slots") || evidence.has("uptime")).toBe(true);
    expect(eventsOf(outcome.events, "boot-log")).toEqual([]);
  });

  test("cuts uploads there, too", async () => {
    const scenario = smallScenario(["count: 4", "count: 3, in: upload"]);
    const outcome = await smallRun({ board: smallProfile(RAW), scenario });
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 3, failed: 0 });
  });

  test("finds a bootloader that never takes an image back, without a line of its log", async () => {
    const board = smallProfile(RAW, ["faults: []", "faults: [no-revert]"]);
    const outcome = await smallRun({ board, scenario: smallScenario(["count: 4", "count: 0"]) });
    expect(outcome.result.outcome).toBe("fail");
  });
});

describe("a campaign over stuffed packets (COBS)", () => {
  test("passes with every cut judged, and uploads cut", async () => {
    const board = smallProfile([RAW[0], RAW[1].replace("raw", "cobs")], OVERWRITE);
    const outcome = await smallRun({ board, scenario: smallScenario(["count: 4", "count: 2, in: upload"], TO_NEW) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 2, failed: 0 });
    expect(eventsOf(outcome.events, "boot-log")).toEqual([]);
  });
});

describe("where SMP is", () => {
  const profile = (ports: string) => `schema: 1
name: lab
provider: hardware
ports: { ${ports} }
power: { driver: lcus, port: { path: /dev/relay }, channel: 1, contact: NC, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: none }
images: { encryption: none }
`;
  test.each([
    ["app: { path: 'udp:10.0.0.7' }", /ports\.app\.path .*must carry bytes/],
    ["app: { path: 'tcp:10.0.0.7' }", /ports\.app\.path .*is no port on the network/],
    ["app: { path: /dev/a }, smp: { path: 'udp:10.0.0.7', framing: raw }", /ports\.smp\.framing .*has no use over UDP/],
    ["app: { path: /dev/a, framing: raw }, smp: { path: /dev/b }", /ports\.app\.framing .*has no use/],
    ["app: { path: /dev/a }, smp: { path: /dev/a }", /ports\.smp is the same port as ports\.app/],
  ])("a profile that says %s is refused", (ports, text) => {
    expect(() => parseProfile(profile(ports), "/lab/lab.yaml")).toThrow(text);
  });

  test.each([
    ["recovery_params: true", /bootloader\.recovery_params .*nothing that generation ncs-3\.4 has/],
    ["recovery_inactivity_ms: 5000", /bootloader\.recovery_inactivity_ms .*nothing that generation ncs-3\.4 has/],
  ])("an option of serial recovery that came later is refused: %s", (option, text) => {
    const edit = ["mode: swap-move", `mode: swap-move, generation: ncs-3.4, ${option}`] as const;
    expect(() => smallProfile(edit)).toThrow(text);
    expect(() => smallProfile(["mode: swap-move", `mode: swap-move, ${option}`])).not.toThrow();
  });

  test("recovery without frames is refused of generations that know none", () => {
    const enter = ["slots:", "recovery: { enter: boot-mode }\nslots:"] as const;
    const generation = ["mode: swap-move", "mode: swap-move, generation: '2.3.0'"] as const;
    expect(() => smallProfile(RAW, enter, generation)).toThrow(/recovery needs frames/);
    expect(() => smallProfile(RAW, enter)).not.toThrow();
    expect(() => smallProfile(enter, generation)).not.toThrow();
  });

  test("a simulated board in process has no other port for it", () => {
    const edit = ["baud_rate: 1000000 } }", "baud_rate: 1000000 }, smp: { path: 'udp:10.0.0.7' } }"] as const;
    expect(() => smallProfile(edit)).toThrow(/ports\.smp is only for hardware/);
  });
});
