import { describe, expect, test } from "@jest/globals";
import type { BootMode } from "../builds/boot-mode.ts";
import type { Torn } from "../flash/flash-rules.ts";
import { type SmallBoardOptions, smallBuild, smallImage } from "../testing/small-board.ts";
import type { SweepFinding } from "./findings.ts";
import { type Sweep, sweepUpgrade, type UpgradeSwept } from "./upgrade.ts";
import { walkPath } from "./walk.ts";

const TORN: readonly Torn[] = ["head", "tail", "bits"];

type Asked = SmallBoardOptions & Partial<Omit<UpgradeSwept, "build" | "old" | "next">>;

const images = new Map<string, ReturnType<typeof smallImage>>();

/** Equal ones once: key and signature of an image are drawn anew whenever one is made. */
function image(version: string, bodyBytes: number, encrypted: boolean): ReturnType<typeof smallImage> {
  const name = `${version} ${bodyBytes} ${encrypted}`;
  const made = images.get(name) ?? smallImage(version, bodyBytes, encrypted);
  images.set(name, made);
  return made;
}

/** Three sectors each way: small enough for every sequence of cuts. */
function swept(asked: Asked, options: Parameters<typeof sweepUpgrade>[1] = {}): Sweep {
  const { primary = "old", permanent = false, revertOnly = false, bodyBytes = [9_000, 11_000], ...rest } = asked;
  const { encrypted = true } = rest;
  const build = smallBuild({ slotSectors: 6, ...rest });
  const old = image("1.0.0", bodyBytes[0], encrypted).plain;
  const next = image("2.0.0", bodyBytes[1], encrypted).file;
  return sweepUpgrade({ build, old, next, primary, permanent, revertOnly }, options);
}

/** "U1 fallback lost by 1": what was found, and by how many cuts. */
const told = ({ findings }: Sweep): readonly string[] =>
  findings.map((finding) => `${finding.known ?? "NEW"} ${finding.class} by ${finding.cuts}`);

const pathText = ({ path }: SweepFinding): string =>
  path.map((step) => (step.kind === "cut" ? `cut ${step.operation}` : step.kind)).join(", ");

describe("every sequence of power cuts of an upgrade and its revert", () => {
  test.each(["move", "overwrite"] as const)("%s: any number of clean cuts, and nothing is wrong", (mode) => {
    const found = swept({ mode });
    expect([told(found), found.exploration.coveredCuts, found.exploration.waiting]).toEqual([[], undefined, 0]);
  });

  test("offset: U1 by one cut, U2 by two in the revert, U7 by none: found by the rules", () => {
    const found = swept({ mode: "offset" });
    expect(told(found)).toEqual(["U7 leak by 0", "U1 fallback lost by 1", "U2 brick by 2"]);
    const [, , brick] = found.findings;
    expect(brick && pathText(brick)).toMatch(/^start, reset, cut \d+, cut \d+$/);
  });

  test("the way to a brick leads to a brick when it is walked once more", () => {
    const build = smallBuild({ slotSectors: 6, mode: "offset", encrypted: false });
    const upgrade = { build, old: image("1.0.0", 9_000, false).plain, next: image("2.0.0", 11_000, false).file };
    const brick = sweepUpgrade(upgrade).findings.find((finding) => finding.class === "brick");
    const legs = [...walkPath(upgrade, brick?.path ?? [])];
    expect(legs.map(({ result }) => result?.kind)).toEqual([undefined, "run", undefined, undefined, "panic"]);
  });

  test("scratch: U3 keeps the unconfirmed image after two cuts in the revert", () => {
    expect(told(swept({ mode: "scratch" }))).toEqual(["U3 never reverts by 2"]);
  });

  test.each([
    ["U4", { mode: "scratch", slotSectors: 5, bodyBytes: [15_000, 17_500] }, "U4 brick by 1"],
    ["U5", { mode: "move" }, "U5 never reverts by 1"],
    ["U8", { mode: "move", permanent: true }, "U8 request weakened by 0"],
  ] as const)("torn operations bring out %s", (_, asked, expected) => {
    expect(told(swept(asked, { torn: TORN, cutsMax: 1 }))).toContain(expected);
  });

  test.each([
    ["U6", { mode: "move", primary: "stale" }, "U6 leak by 0"],
    ["U11", { mode: "move", downgradePrevention: true }, "U11 never reverts by 1"],
    ["U12", { mode: "move", bootstrap: true, primary: "empty", bodyBytes: [9_000, 10_552] }, "U12 brick by 1"],
    ["U9", { mode: "scratch", encrypted: false, slotSectors: 6, bodyBytes: [22_600, 11_000] }, "U9 brick by 0"],
    ["R11", { mode: "move", generation: "ncs-1.7" }, "R11 brick by 1"],
    ["R17", { mode: "scratch", generation: "2.1.0" }, "R17 leak by 0"],
  ] as const)("a product's configuration brings out %s", (_, asked, expected) => {
    expect(told(swept(asked, { cutsMax: 1 }))).toContain(expected);
  });

  test("R19 is gone after 2.1: a torn magic in a revert does no harm by itself", () => {
    const never = (generation: string): boolean =>
      told(swept({ mode: "move", generation }, { torn: TORN, cutsMax: 1 })).includes("R19 never reverts by 1");
    expect([never("2.1.0"), never("2.2.0")]).toEqual([true, false]);
  });

  test("a fault that is switched on is a finding that no list names", () => {
    const found = swept({ mode: "move", defects: new Set(["lose-fallback"]) }, { cutsMax: 1 });
    expect(told(found)[0]).toBe("NEW fallback lost by 1");
  });
});

describe("what a sweep spares itself", () => {
  const results = ({ exploration, findings }: Sweep): unknown => [
    exploration.contents,
    exploration.edges,
    exploration.states
      .map(({ stage, identity, cuts, torn, end }) => [identity, stage, cuts, torn, end?.identity].join(" "))
      .toSorted(),
    findings.map(({ class: what, stage, cuts, torn, contents, known }) => [what, stage, cuts, torn, contents, known]),
  ];
  const modes: readonly BootMode[] = ["move", "offset", "scratch", "overwrite"];

  test.each(modes)("%s: boots followed to their end show nothing more than boots followed to what is known", (mode) => {
    const short = swept({ mode });
    const whole = swept({ mode }, { whole: true });
    expect(results(whole)).toEqual(results(short));
    expect(whole.exploration.followed).toBeGreaterThan(4 * short.exploration.followed);
  });

  test("torn cuts: the same", () => {
    const options = { torn: TORN, cutsMax: 2 } as const;
    const asked = { mode: "scratch", encrypted: false } as const;
    expect(results(swept(asked, { ...options, whole: true }))).toEqual(results(swept(asked, options)));
  });

  test.each([
    { mode: "offset" },
    { mode: "scratch", generation: "2.1.0" },
    { mode: "move", primary: "stale" },
  ] as const)(
    "%j: leaks are found at the stages at which they are, although boots that only look are merged",
    (asked) => {
      const leaks = ({ findings }: Sweep) =>
        findings.map(({ class: what, stage, cuts, shows }) => [what, stage, cuts, shows]);
      const options = { torn: TORN, cutsMax: 1 } as const;
      const short = swept(asked, options);
      expect(leaks(short).flat()).toContain("leak");
      expect(leaks(short)).toEqual(leaks(swept(asked, { ...options, whole: true })));
    },
  );

  test("image checks carried out each time find the same as those remembered by content", () => {
    const asked = { mode: "offset", slotSectors: 5, bodyBytes: [5_000, 6_000] } as const;
    expect(results(swept({ ...asked, memoise: false }))).toEqual(results(swept({ ...asked, memoise: true })));
  });

  test.each([
    [{ mode: "offset", encrypted: false }, {}],
    [
      { mode: "scratch", encrypted: false },
      { torn: TORN, cutsMax: 1 },
    ],
  ] as const)("level by level (%j, %j): nothing more and nothing less is found", (asked, options) => {
    const bound = { cutsMax: 2, ...options };
    expect(results(swept(asked, { ...bound, deepen: true }))).toEqual(results(swept(asked, bound)));
  });

  test("level by level: given up after any number of states, it has the findings of the levels that it calls whole", () => {
    const asked = { mode: "offset", encrypted: false } as const;
    const found = ({ findings }: Sweep, cuts: number): unknown =>
      findings.filter((finding) => finding.cuts <= cuts).map(({ class: what, cuts }) => [what, cuts]);
    const whole = [0, 1].map((cutsMax) => swept(asked, { cutsMax }));
    for (const steps of [1, 3, 40, 150]) {
      let left = steps;
      const { exploration, findings, ...sweep } = swept(asked, { deepen: true, stop: () => left-- <= 0 });
      const { coveredCuts = 9, begun } = exploration;
      expect(begun?.cuts).toBe(coveredCuts + 1);
      for (const cuts of [0, 1].filter((level) => level <= coveredCuts)) {
        expect(found({ ...sweep, exploration, findings }, cuts)).toEqual(found(whole[cuts] as Sweep, cuts));
      }
    }
  });

  test("level by level: one cut is whole before anything of two is looked for, with torn operations, too", () => {
    const asked = { mode: "move" } as const;
    let boots = 0;
    // Those of no cut are booted twice: judged, and then cut at every operation.
    const counting = ({ cuts }: { readonly cuts: number }): boolean => (boots += cuts === 0 ? 2 : 1) < 0;
    swept(asked, { torn: TORN, cutsMax: 1, stop: counting });
    let left = boots;
    const { exploration } = swept(asked, {
      torn: TORN,
      deepen: true,
      stop: () => left-- <= 0,
    });
    expect([exploration.coveredCuts, exploration.begun?.cuts]).toEqual([1, 2]);
  });

  test("given up early, it says what was covered, and never that it was all", () => {
    const { exploration } = swept({ mode: "move" }, { stop: ({ states }) => states > 120 });
    expect(exploration.coveredCuts).toBeLessThan(2);
    expect(exploration.waiting).toBeGreaterThan(0);
  });

  test("a bound on the cuts is named in what was covered", () => {
    expect(swept({ mode: "move" }, { cutsMax: 1 }).exploration.coveredCuts).toBe(1);
  });
});
