import { describe, expect, test } from "@jest/globals";
import { Random, viewOf } from "../../core/index.ts";
import { buildImage, type PrivateKey, parseVersion } from "../../image/index.ts";
import { setPending } from "../boot/app-api.ts";
import { nextSwapType } from "../boot/image-state.ts";
import { outcomeOf, runSteps } from "../boot/run-boot.ts";
import { timeline } from "../boot/timeline.ts";
import { zephyrBoot } from "../boot/zephyr-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { NET_APP } from "../builds/net-core-map.ts";
import { type NetCoreBuild, type NetCoreRuleName, netCoreRule } from "../builds/net-core-rules.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { isOperation } from "../steps/steps.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { requestedBoard, type SmallBoard, type SmallBoardOptions, smallBoard } from "../testing/small-board.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { asNetFirmware } from "./firmware-info.ts";

const netCore = (name: NetCoreRuleName, more: Partial<NetCoreBuild> = {}): NetCoreBuild => ({
  rule: netCoreRule(name),
  upgrades: true,
  secondStage: false,
  ...more,
});

const OLD = { generation: "ncs-1.7" } as const;

/** A network-core application as it is delivered; `spoil` may change what is signed. */
function netImage(build: BootloaderBuild, encrypted: boolean, spoil?: (payload: Uint8Array) => void): Uint8Array {
  const payload = Random.fromSeed("net image").bytes(12_000);
  viewOf(payload).setUint32(4, NET_APP.address + 0x401, true);
  const { encryption, signature } = build;
  const firmware = asNetFirmware(payload, { version: 7, address: NET_APP.address });
  spoil?.(firmware);
  return buildImage(firmware, {
    version: parseVersion("7.0.0"),
    headerBytes: 512,
    padHeader: true,
    romFixed: NET_APP.address,
    signer: { kind: "key", key: signature.key as PrivateKey },
    ...(encrypted && encryption !== undefined ? { encryption: { key: encryption.key } } : {}),
  }).image;
}

/** A board that was asked to take a network-core image. */
function netBoard(options: SmallBoardOptions, encrypted = false, spoil?: (payload: Uint8Array) => void): SmallBoard {
  const board = smallBoard(options);
  const secondary = board.build.images[0]?.secondary;
  if (secondary === undefined) throw new Error("a build without images");
  for (let at = 0; at < secondary.bytes; at += 4096) {
    board.flash.apply({ kind: "erase", offset: secondary.offset + at, bytes: 4096 });
  }
  board.flash.load(secondary.offset, netImage(board.build, encrypted, spoil));
  runSteps(setPending(board.flash, board.build, 0, false), board.flash);
  return board;
}

const said = ({ log }: { readonly log: readonly { readonly text: string }[] }) => log.map((line) => line.text);
const NET_LINES = /network core/i;
const running = (outcome: ReturnType<typeof outcomeOf>) => outcome.images.find((entry) => entry.slot === 0)?.version;

/** The secondary slot of a small board's flash: trailer and whether an image is there. */
function secondary({ build, flash }: { build: BootloaderBuild; flash: FlashContent }) {
  const area = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
  return { magic: readTrailer(flash, build, area).magic, word: viewOf(flash.read(area.offset, 4)).getUint32(0, true) };
}

describe("an image of the network core in the application's slot", () => {
  test("is copied, and only its trailer goes: the body stays, the application is not swapped", () => {
    const { build, flash } = netBoard({ ...OLD, netCore: netCore("vector-by-pointer") });
    const outcome = outcomeOf(flash, build);
    expect(said(outcome).filter((text) => NET_LINES.test(text))).toEqual([
      "Starting network core update",
      "Turned on network core",
      "Turned off network core",
      "Done updating network core",
    ]);
    expect(outcome.result).toMatchObject({ kind: "run", swapTypes: ["none"] });
    expect([running(outcome), outcome.operations]).toEqual(["1.0.0", 1]);
    expect(secondary({ build, flash: outcome.flash })).toEqual({ magic: "unset", word: 0x96f3_b83d });
    expect(nextSwapType(outcome.flash, build, 0)).toBe("none");
    expect(said(outcomeOf(outcome.flash, build)).some((text) => NET_LINES.test(text))).toBe(false);
  });

  test("takes MCUboot whole seconds: it asks once a second", () => {
    const board = netBoard({ ...OLD, crypto: "other", netCore: netCore("vector-by-pointer") });
    const plain = outcomeOf(board.flash, {
      ...board.build,
      netCore: netCore("vector-by-pointer", { upgrades: false }),
    });
    expect(said(plain)).toContain("Swap type: test");
    const { totalUs, operationsUs } = timeline(board.flash, board.build, NRF5340_INTERNAL);
    // 6 pages of 2 KiB take 0.66 s, two checks 0.3 s: the answer is there after the first second.
    expect(totalUs - operationsUs).toBe(1_000_000 + 2 * 150_000);
  });

  test("in overwrite mode is copied again by every boot, until the rule that drops the request: header and trailer go", () => {
    for (const [name, again] of [
      ["vector-in-range", true],
      ["load-address", false],
    ] as const) {
      const board = netBoard({ mode: "overwrite", netCore: netCore(name) });
      const once = outcomeOf(board.flash, board.build);
      expect(said(once)).toContain("Done updating network core");
      expect(once.operations).toBe(again ? 0 : 2);
      expect(said(outcomeOf(once.flash, board.build)).includes("Done updating network core")).toBe(again);
    }
  });

  test("that b0n refuses is tried again on every reset, up to 3.4.0; since, its request goes and its body stays", () => {
    for (const [name, again] of [
      ["vector-in-range", true],
      ["load-address", false],
    ] as const) {
      const board = netBoard({ netCore: netCore(name) }, false, (image) => {
        // Signed for MCUboot, and no firmware for b0n.
        image.fill(0, 0x400, 0x404);
      });
      const once = outcomeOf(board.flash, board.build);
      expect(said(once)).toContain("Network core update failed");
      expect([once.result, running(once)]).toMatchObject([{ kind: "run", swapTypes: ["fail"] }, "1.0.0"]);
      expect(said(outcomeOf(once.flash, board.build)).includes("Network core update failed")).toBe(again);
      const { magic, word } = secondary({ build: board.build, flash: once.flash });
      expect([magic, word]).toEqual([again ? "good" : "unset", 0x96f3_b83d]);
    }
  });

  test("encrypted is refused by b0n under the old rules, and swapped in as an application under the range test", () => {
    const refused = netBoard({ ...OLD, netCore: netCore("vector-by-pointer") }, true);
    expect(said(outcomeOf(refused.flash, refused.build))).toContain("Network core update failed");
    const swapped = netBoard({ netCore: netCore("vector-in-range") }, true);
    const outcome = outcomeOf(swapped.flash, swapped.build);
    expect([said(outcome).some((text) => NET_LINES.test(text)), running(outcome)]).toEqual([false, "7.0.0"]);
  });

  test("on external flash is not recognised through a pointer; read from the slot it is, and b0n gets wrong bytes", () => {
    const external = { externalSecondaryOffset: 0x9000 };
    const missed = netBoard({ ...OLD, netCore: netCore("vector-by-pointer", external) });
    expect(running(outcomeOf(missed.flash, missed.build))).toBe("7.0.0");
    const wrong = netBoard({ ...OLD, netCore: netCore("vector-from-slot", external) });
    expect(said(outcomeOf(wrong.flash, wrong.build))).toContain("Network core update failed");
  });

  test("that b0n cannot reach is never answered: MCUboot hangs", () => {
    const board = netBoard({ ...OLD, netCore: netCore("vector-from-slot", { externalSecondaryOffset: 0x70_0000 }) });
    expect(outcomeOf(board.flash, board.build).result).toMatchObject({ kind: "hang" });
  });
});

describe("an encrypted application on a bootloader that looks for a reset vector in ciphertext", () => {
  const board = requestedBoard({ ...OLD, netCore: netCore("vector-by-pointer") });

  test("is refused by the network core; image_ok is set, the old image runs, and every reset tries again", () => {
    const first = outcomeOf(board.flash, board.build);
    expect(said(first).filter((text) => NET_LINES.test(text))).toEqual([
      "Starting network core update",
      "Turned on network core",
      "Network core update failed",
    ]);
    expect([running(first), first.operations]).toEqual(["1.0.0", 1]);
    expect(first.result).toMatchObject({ kind: "run", swapTypes: ["fail"] });
    const primary = board.build.images[0]?.primary ?? { offset: 0, bytes: 0 };
    expect(readTrailer(first.flash, board.build, primary)).toMatchObject({ magic: "unset", imageOk: "set" });
    expect(secondary({ build: board.build, flash: first.flash }).magic).toBe("good");
    const second = outcomeOf(first.flash, board.build);
    expect(said(second)).toEqual(expect.arrayContaining(["Swap type: test", "Network core update failed"]));
    expect([second.operations, second.flash.identity()]).toEqual([0, first.flash.identity()]);
  });

  test("is swapped in without CONFIG_NRF53_UPGRADE_NETWORK_CORE, and under the later rules", () => {
    for (const fixed of [
      netCore("vector-by-pointer", { upgrades: false }),
      netCore("vector-in-range"),
      netCore("load-address"),
    ]) {
      expect(running(outcomeOf(board.flash, { ...board.build, netCore: fixed }))).toBe("2.0.0");
    }
  });

  test("that points out of its slot is cleaned up with a line by a second stage from nRF Connect SDK 2.6 on", () => {
    for (const [name, line] of [
      ["2.1.0", "Cleaned-up secondary slot of 0. image."],
      ["2.2.0", "Cleaned-up secondary slot of image 0"],
    ] as const) {
      const second = netCore("vector-in-range", { secondStage: true });
      const later = requestedBoard({ generation: name, encrypted: false, netCore: second });
      const offset = later.build.images[0]?.secondary.offset ?? 0;
      later.flash.load(offset + 512 + 4, Uint8Array.of(0x01, 0x00, 0x90, 0x00));
      const outcome = outcomeOf(later.flash, later.build);
      expect(said(outcome)).toContain(line);
      expect(outcome.images.map((entry) => entry.version)).toEqual(["1.0.0"]);
    }
  });

  test.each([
    // Behind the primary slot (0x0 to 0xffff), b0n, and the network core's application: from, end.
    ["vector-by-pointer", [0x1_0000], [0x1_0001, 0x0100_0000, 0x0100_8800, 0x0104_0000]],
    ["vector-by-pointer-2.0", [0x1_0000, 0x0100_0000, 0x0104_0000], [0x1_0001, 0x00ff_ffff]],
    ["vector-from-slot", [0x1_0000, 0x0100_0000, 0xffff_ffff], [0x1_0001, 0x00ff_ffff]],
    ["vector-in-range", [0x1_0000, 0x0100_8800, 0x0103_ffff], [0x1_0001, 0x0100_0000, 0x0104_0000]],
    ["load-address", [0xffff, 0x0100_8800, 0x0103_ffff], [0x1_0000, 0x0100_87ff, 0x0104_0000]],
  ] as const)("as second stage with %s looks at the words %p, and passes over %p", (name, looked, passed) => {
    const ask = (word: number) => {
      const { rule } = netCore(name);
      const second = netCore(name, { secondStage: true });
      const { build, flash } = requestedBoard({ ...OLD, encrypted: false, netCore: second });
      const slot = build.images[0]?.secondary.offset ?? 0;
      const at = slot + (rule.word === "load address" ? 4 : 512 + 4);
      flash.load(at, Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
      return said(outcomeOf(flash, build)).some((text) => text.startsWith("Swap type"));
    };
    expect([looked.filter((word) => !ask(word)), passed.filter(ask)]).toEqual([[], []]);
  });

  test("is passed over without a line where MCUboot is second stage", () => {
    const build = {
      ...board.build,
      netCore: netCore("vector-by-pointer", { upgrades: false, secondStage: true }),
    };
    const outcome = outcomeOf(board.flash, build);
    expect([running(outcome), outcome.operations]).toEqual(["1.0.0", 0]);
    expect(said(outcome).filter((text) => /Swap type|not valid/.test(text))).toEqual([]);
  });
});

describe("the network core's version, which the rule of 3.4.1 asks for with downgrade prevention", () => {
  /** What runs there has this version; the image that is asked for has 7. */
  function bootsOver(version: number, options: SmallBoardOptions) {
    const { build, flash } = netBoard({ generation: "ncs-3.4", netCore: netCore("load-address"), ...options });
    const lines: string[] = [];
    const steps = zephyrBoot(flash, build);
    let next = steps.next();
    while (next.done !== true) {
      const step = next.value;
      if (step.kind === "log") lines.push(step.text);
      if (isOperation(step)) flash.apply(step);
      // The first answer is that to the question.
      const asked = step.kind === "net core" && step.does === "wait" && !lines.includes("Starting network core update");
      next = steps.next(asked ? { status: "done", version } : undefined);
    }
    return { lines: lines.filter((text) => NET_LINES.test(text)), again: secondary({ build, flash }).magic };
  }

  const QUESTION = [
    "Binary in secondary slot of image 0 is destined for the network core",
    "Checking network core version",
  ];
  const COPY = [
    "Starting network core update",
    "Turned on network core",
    "Turned off network core",
    "Done updating network core",
  ];

  test.each([
    [6, [...QUESTION, ...COPY]],
    [7, [...QUESTION, ...COPY]],
    [8, QUESTION],
  ])("version %i there", (version, lines) => {
    const prevents = { checksLoadAddress: true, downgradePrevention: true } as const;
    expect(bootsOver(version, prevents)).toEqual({ lines, again: "unset" });
  });

  test("is not asked for without it", () => {
    expect(bootsOver(8, {}).lines).toEqual(COPY);
  });
});
