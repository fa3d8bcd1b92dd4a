import { describe, expect, test } from "@jest/globals";
import { generateKey, loadPrivateKey } from "../../image/index.ts";
import { LIFE_CYCLES, type LifeCycleName, lifeCycle } from "../builds/life-cycle.ts";
import { requestedBoard, type SmallBoardOptions, smallBoard, smallImage } from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";
import { zephyrBoot } from "./zephyr-boot.ts";

const inState = (name: LifeCycleName, options: SmallBoardOptions = {}): SmallBoardOptions => ({
  generation: "ncs-3.4",
  encrypted: false,
  lifeCycle: lifeCycle(name),
  ...options,
});

/** What the boot of a board on which 2.0.0 was asked for comes to. */
function booted(options: SmallBoardOptions) {
  const board = requestedBoard(options);
  const { result, images, operations } = outcomeOf(board.flash, board.build);
  const lines: string[] = [];
  runSteps(zephyrBoot(board.flash.snapshot(), board.build), board.flash.snapshot(), (step) => {
    if (step.kind === "log") lines.push(step.text);
  });
  return { kind: result.kind, runs: images.find(({ active }) => active)?.version, operations, lines };
}

describe("a bootloader that looks at the life cycle", () => {
  test.each<[LifeCycleName, string, boolean]>([
    ["assembly-and-test", "1.0.0", false],
    ["provisioning", "1.0.0", false],
    ["secured", "2.0.0", true],
  ])("in the state %s runs %s after a request", (name, runs, writes) => {
    const { lines, ...found } = booted(inState(name));
    expect([found.kind, found.runs, found.operations > 0]).toEqual(["run", runs, writes]);
    expect(lines).toContain(`LCS-awareness enabled. Current LCS: ${lifeCycle(name).code}`);
  });

  test("starts nothing once it is decommissioned, on every boot, and writes nothing", () => {
    const { kind, operations, lines } = booted(inState("decommissioned"));
    expect([kind, operations]).toEqual(["panic", 0]);
    expect(lines.at(-1)).toBe("Device in an unbootable state: 6000");
  });

  test("says that it does not look where it is not built so", () => {
    const { runs, lines } = booted({ generation: "ncs-3.4", encrypted: false });
    expect([runs, lines.includes("LCS-awareness disabled, skipping LCS check")]).toEqual(["2.0.0", true]);
  });

  test("brings a swap that began before to its end in any state that boots", () => {
    const board = requestedBoard(inState("secured"));
    let count = 0;
    const { flash } = board;
    const half = flash.snapshot();
    for (const step of zephyrBoot(half, board.build)) {
      if (step.kind === "log" || step.kind === "work" || step.kind === "net core") continue;
      if (count === 60) break;
      half.apply(step);
      count += 1;
    }
    const early = { ...board.build, lifeCycle: lifeCycle("assembly-and-test") };
    expect(outcomeOf(half, early).images.find(({ active }) => active)?.version).toBe("2.0.0");
  });

  /** 1.0.0 with a wrong signature, which stands at the end of the image. */
  const unsigned = (options: SmallBoardOptions) => {
    const board = smallBoard(options);
    const { plain } = smallImage("1.0.0", 20_000, false);
    const damaged = Uint8Array.from(plain, (byte, index) => (index === plain.length - 5 ? byte ^ 1 : byte));
    board.flash.load(board.build.images[0]?.primary.offset ?? 0, damaged);
    return outcomeOf(board.flash, board.build).result.kind;
  };

  test.each<[LifeCycleName, string]>([
    ["assembly-and-test", "run"],
    ["provisioning", "fail"],
    ["secured", "fail"],
    ["decommissioned", "panic"],
  ])("in the state %s an image with a wrong signature comes to: %s", (name, kind) => {
    expect(unsigned(inState(name))).toBe(kind);
  });

  test("looks at the hash in every state", () => {
    for (const { name } of LIFE_CYCLES.filter(({ boots }) => boots)) {
      const board = smallBoard(inState(name));
      board.flash.load(0x800, Uint8Array.of(1, 2, 3, 4));
      expect([name, outcomeOf(board.flash, board.build).result.kind]).toEqual([name, "fail"]);
    }
  });

  test.each<[LifeCycleName, string]>([
    ["provisioning", "fail"],
    ["secured", "run"],
  ])("in the state %s an image signed with the second key comes to: %s", (name, kind) => {
    const board = smallBoard(inState(name));
    const first = loadPrivateKey(generateKey("ecdsa-p256"));
    const second = board.build.signature.key ?? first;
    const build = { ...board.build, signature: { key: first, others: [second], hash: "sha256" } as const };
    expect(outcomeOf(board.flash, build).result.kind).toBe(kind);
  });

  test("loads no key of an encrypted image before it is secured: a swap that was due stays due", () => {
    expect(booted(inState("provisioning", { encrypted: true })).runs).toBe("1.0.0");
    expect(booted(inState("secured", { encrypted: true })).runs).toBe("2.0.0");
  });

  test.each<[LifeCycleName, boolean, string]>([
    ["provisioning", true, "run"],
    ["provisioning", false, "fail"],
    ["secured", false, "run"],
  ])("in the state %s direct-XIP with revert runs an image that is confirmed: %s, %s", (name, isConfirmed, kind) => {
    const { build, flash } = smallBoard(inState(name, { mode: "direct-xip", xipRevert: true }));
    runSteps(setPending(flash, build, 0, isConfirmed), flash);
    const { result, operations, log } = outcomeOf(flash, build);
    expect(result.kind).toBe(kind);
    if (name !== "secured") expect(operations).toBe(0);
    expect(log.some(({ text }) => text === "Selecting provisioning image from the secondary slot")).toBe(
      name === "provisioning" && isConfirmed,
    );
  });
});
