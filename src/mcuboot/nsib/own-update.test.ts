import { describe, expect, test } from "@jest/globals";
import { equalBytes } from "../../core/index.ts";
import { outcomeOf } from "../boot/run-boot.ts";
import { timeline } from "../boot/timeline.ts";
import { generation } from "../builds/generations.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { applicationImage, askedFor, mcubootUpdate, NSIB_MAP, nsibBuild, nsibFlash } from "../testing/nsib-board.ts";
import { cutAt, eachGeneration, shown } from "../testing/small-board.ts";

// As it is without N1: see below.
const build = nsibBuild({ fixes: new Set(["N1"] as const) });
const said = (outcome: { log: readonly { text: string }[] }) => outcome.log.map(({ text }) => text);
const isRefused = (outcome: { log: readonly { text: string }[] }) =>
  said(outcome).some((text) => /insufficient version/i.test(text));
const runs = ({ result }: ReturnType<typeof outcomeOf>) =>
  result.kind === "run"
    ? `${result.bootloader?.half} ${result.bootloader?.version}`
    : `${result.kind}: ${result.reason}`;

describe("an update of MCUboot itself behind NSIB", () => {
  test("is moved whole into the half that does not run, without a trailer, and NSIB starts it in the same boot", () => {
    const update = mcubootUpdate("s1", 2);
    const before = askedFor(nsibFlash({ s0: 1 }), build, update);
    const after = outcomeOf(before, build);
    expect(runs(after)).toBe("s1 2");
    const { s0, s1, primary, secondary } = NSIB_MAP;
    const expected = new Uint8Array(s1.bytes).fill(0xff);
    expected.set(update);
    expect(equalBytes(after.flash.read(s1.offset, s1.bytes), expected)).toBe(true);
    for (const { offset, bytes } of [s0, primary])
      expect(equalBytes(after.flash.read(offset, bytes), before.read(offset, bytes))).toBe(true);
    expect(after.flash.isBlank(secondary.offset, s1.bytes + 4096)).toBe(true);
    expect(after.flash.isBlank(secondary.offset + secondary.bytes - 4096, 4096)).toBe(true);
    expect(said(after)).toEqual(
      expect.arrayContaining(["Starting swap using nsib algorithm.", "Firmware version 1", "Firmware version 2"]),
    );
    // The application has stayed, and the next boot finds nothing to do.
    expect(after.images.map(({ version }) => version)).toEqual(["1.0.0"]);
    expect(outcomeOf(after.flash, build).operations).toBe(0);
  });

  test("goes the other way round, too: from S1 into S0", () => {
    const before = askedFor(nsibFlash({ s0: 1, s1: 2 }), build, mcubootUpdate("s0", 3));
    expect(runs(outcomeOf(before, build))).toBe("s0 3");
  });

  test.each([
    ["lower", 1, "s0 2"],
    ["the same, where S0 runs: S0 is preferred", 2, "s0 2"],
    ["higher", 3, "s1 3"],
  ])(
    "with a firmware version that is %s is moved all the same, and NSIB starts the better of %i and 2",
    (_, version, started) => {
      const before = askedFor(nsibFlash({ s0: 2 }), build, mcubootUpdate("s1", version, { imageVersion: "9.0.0" }));
      const after = outcomeOf(before, build);
      expect(runs(after)).toBe(started);
      expect(after.flash.isBlank(NSIB_MAP.s1.offset, 512)).toBe(false);
    },
  );

  test.each(["move", "scratch"] as const)(
    "that is cut before any of its operations (%s) leaves the half that runs as it was, and ends in the new one",
    (mode) => {
      const own = nsibBuild({ mode, fixes: new Set(["N1"] as const) });
      const flash = askedFor(nsibFlash({ s0: 1 }), own, mcubootUpdate("s1", 2));
      const { operations } = timeline(flash, own, NRF5340_INTERNAL);
      expect(operations.length).toBeGreaterThan(20);
      const { s0 } = NSIB_MAP;
      for (const { index } of operations) {
        const cut = cutAt({ build: own, flash }, index);
        expect(equalBytes(cut.read(s0.offset, s0.bytes), flash.read(s0.offset, s0.bytes))).toBe(true);
        expect(runs(outcomeOf(cut, own))).toBe("s1 2");
      }
    },
  );

  test("that a cut has left half-copied is marked invalid by NSIB, and copied again by the old one", () => {
    const flash = askedFor(nsibFlash({ s0: 1 }), build, mcubootUpdate("s1", 2));
    const { operations } = timeline(flash, build, NRF5340_INTERNAL);
    const third = operations.findIndex(({ description }) => description === "copy to s1 sector 1, part 3 of 4");
    const after = outcomeOf(cutAt({ build, flash }, third), build);
    expect(said(after).slice(0, 5)).toEqual([
      "Attempting to boot slot 1.",
      "Attempting to boot from address 0xe200.",
      "Failed to validate, permanently invalidating!",
      "Attempting to boot slot 0.",
      "Attempting to boot from address 0x8200.",
    ]);
    expect(runs(after)).toBe("s1 2");
  });

  test("that was cut there ends in a dead board where assertions end a boot (N1), and goes on where they do not", () => {
    const flash = askedFor(nsibFlash({ s0: 1 }), build, mcubootUpdate("s1", 2));
    const { operations } = timeline(flash, build, NRF5340_INTERNAL);
    const third = operations.findIndex(({ description }) => description === "copy to s1 sector 1, part 3 of 4");
    const cut = cutAt({ build, flash }, third);
    const ends = eachGeneration((name) => {
      const own = nsibBuild({ generation: name });
      return own.generation.movesOwnUpdate ? runs(outcomeOf(cut, own)) : "-";
    });
    expect(ends).toEqual([
      "ncs-1.7 to 2.1.0: -",
      "ncs-2.8 to ncs-3.0: s1 2",
      "ncs-3.1: panic: boot_swap_image: rc == 0",
      "2.2.0: -",
      "ncs-3.2 to ncs-main: panic: boot_swap_image: rc == 0",
      "2.3.0 to current: -",
    ]);
  });

  test("ends in a dead board at once where decryption is built in and the other half is erased (N1)", () => {
    const own = nsibBuild({ encrypted: true });
    const ends = [new Set<"N1">(), new Set(["N1"] as const)].map((fixes) => {
      const build = { ...own, fixes };
      return runs(outcomeOf(askedFor(nsibFlash({ s0: 1 }), build, mcubootUpdate("s1", 2)), build));
    });
    expect(ends).toEqual(["panic: boot_swap_image: rc >= 0", "s1 2"]);
  });

  test("by a planted fault goes into the half that runs: one cut, and NSIB has nothing to start", () => {
    const faulty = { ...build, defects: new Set(["own-update-in-place"] as const) };
    const flash = askedFor(nsibFlash({ s0: 1 }), faulty, mcubootUpdate("s1", 2));
    expect(runs(outcomeOf(cutAt({ build: faulty, flash }, 3), faulty))).toBe(
      "panic: NSIB finds no MCUboot that is whole, in S0 or S1",
    );
  });

  test("in overwrite mode is copied as an image is, and runs from the next reset on", () => {
    const own = nsibBuild({ mode: "overwrite" });
    const after = outcomeOf(askedFor(nsibFlash({ s0: 1 }), own, mcubootUpdate("s1", 2)), own);
    expect(runs(after)).toBe("s0 1");
    expect(said(after)).toContain("Image 1 upgrade secondary slot -> primary slot");
    expect(runs(outcomeOf(after.flash, own))).toBe("s1 2");
  });

  test("in overwrite mode with downgrade prevention is refused when its image version is below the one that runs", () => {
    const own = nsibBuild({ mode: "overwrite", downgradePrevention: true });
    const after = (flash: FlashContent, update: Uint8Array) => outcomeOf(askedFor(flash, own, update), own);
    const second = after(nsibFlash({ s0: 1 }), mcubootUpdate("s1", 2)).flash;
    // S0 was flashed without a header: there is no version to be older than, but for the one that runs now.
    const third = after(second, mcubootUpdate("s0", 3, { imageVersion: "1.0.0" }));
    expect(isRefused(third)).toBe(false);
    expect(runs(outcomeOf(third.flash, own))).toBe("s0 3");
    // S1 has 2.0.0 now, and 1.0.0 runs from S0.
    const refuses = (imageVersion: string, flash = third.flash) =>
      isRefused(after(flash, mcubootUpdate("s1", 4, { imageVersion })));
    expect([refuses("1.9.9"), refuses("2.0.0")]).toEqual([true, false]);
    const fourth = after(second, mcubootUpdate("s0", 3, { imageVersion: "3.0.0" })).flash;
    expect([refuses("2.9.9", fourth), refuses("3.0.0", fourth)]).toEqual([true, false]);
  });

  test("in a swap mode with downgrade prevention is NSIB's to compare: a lower image version is moved", () => {
    const own = nsibBuild({ downgradePrevention: true });
    const running = outcomeOf(askedFor(nsibFlash({ s0: 1 }), own, mcubootUpdate("s1", 2)), own).flash;
    expect(runs(outcomeOf(askedFor(running, own, mcubootUpdate("s0", 3, { imageVersion: "0.1.0" })), own))).toBe(
      "s0 3",
    );
  });

  test("for the half that runs is erased with a line", () => {
    const after = outcomeOf(askedFor(nsibFlash({ s0: 1 }), build, mcubootUpdate("s0", 2)), build);
    expect(runs(after)).toBe("s0 1");
    expect(said(after)).toContain("Image in slot is for wrong s0/s1 image");
    expect(after.flash.isBlank(NSIB_MAP.secondary.offset, NSIB_MAP.secondary.bytes)).toBe(true);
  });

  test("that is not valid is erased, and the half that does not run stays as it was", () => {
    const update = mcubootUpdate("s1", 2);
    update[5000] = (update[5000] ?? 0) ^ 1;
    const before = askedFor(nsibFlash({ s0: 1 }), build, update);
    const after = outcomeOf(before, build);
    expect(runs(after)).toBe("s0 1");
    expect(after.flash.isBlank(NSIB_MAP.s1.offset, NSIB_MAP.s1.bytes)).toBe(true);
    expect(after.flash.isBlank(NSIB_MAP.secondary.offset, NSIB_MAP.secondary.bytes)).toBe(true);
  });

  test.each([
    ["at the half's first byte", NSIB_MAP.s1.offset, "s1 2", "s1 2"],
    ["one below it, which is S0's end", NSIB_MAP.s1.offset - 1, "s0 1", "s0 1"],
    ["at its last byte", NSIB_MAP.s1.offset + NSIB_MAP.s1.bytes - 1, "s1 2", "s1 2"],
  ])("whose header's load address is %s is decided by it where 3.4 looks there", (_, loadAddress, by340, byMain) => {
    for (const [rule, expected] of [
      ["load-address-3.4.0", by340],
      ["load-address", byMain],
    ] as const) {
      const own = nsibBuild({ generation: "ncs-3.4" }, rule);
      const flash = askedFor(nsibFlash({ s0: 1 }), own, mcubootUpdate("s1", 2, { loadAddress }));
      expect(runs(outcomeOf(flash, own))).toBe(expected);
    }
  });

  test("may fill its half from nRF Connect SDK 3.1 on; before, it may be longer than that, and is cut off", () => {
    const { bytes } = NSIB_MAP.s1;
    // Header, validation info of 176 bytes, TLVs of some 150.
    const fitting = bytes - 512 - 400;
    const newer = nsibBuild({ generation: "ncs-3.1" });
    const asked = (own: typeof build, length: number) =>
      runs(outcomeOf(askedFor(nsibFlash({ s0: 1 }), own, mcubootUpdate("s1", 2, { bytes: length })), own));
    expect(asked(newer, fitting)).toBe("s1 2");
    expect(asked(newer, fitting + 1024)).toBe("s0 1");
    const older = nsibBuild({ generation: "ncs-3.0" });
    const long = outcomeOf(
      askedFor(nsibFlash({ s0: 1 }), older, mcubootUpdate("s1", 2, { bytes: fitting + 1024 })),
      older,
    );
    expect(runs(long)).toBe("s0 1");
    expect(said(long)).toContain("Starting swap using nsib algorithm.");
  });

  test("lets a normal update of the application and its revert go on as ever", () => {
    const swapped = outcomeOf(askedFor(nsibFlash({ s0: 1 }), build, applicationImage("2.0.0")), build);
    expect(shown(swapped)).toBe("run: 2.0.0 active, 1.0.0 confirmed");
    const back = outcomeOf(swapped.flash, build);
    expect(shown(back)).toBe("run: 1.0.0 active confirmed, 2.0.0");
    expect(runs(back)).toBe("s0 1");
  });

  test("is moved from nRF Connect SDK 2.8 on, and may fill its half from 3.1 on; plain MCUboot knows nothing of it", () => {
    const columns = eachGeneration((name) => {
      const { movesOwnUpdate, ownUpdateFillsSlot } = generation(name);
      return `${movesOwnUpdate ? "moved" : "-"}${ownUpdateFillsSlot ? ", fills its half" : ""}`;
    });
    expect(columns).toEqual([
      "ncs-1.7 to 2.1.0: -",
      "ncs-2.8 to ncs-3.0: moved",
      "ncs-3.1: moved, fills its half",
      "2.2.0: -",
      "ncs-3.2 to ncs-main: moved, fills its half",
      "2.3.0 to current: -",
    ]);
  });
});
