import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Edit, eventsOf, smallProfile } from "../campaign/testing/small-campaign.ts";
import { isKind } from "../core/index.ts";
import { decodeHeader, ENCRYPTED_FLAGS, generateKey, loadPrivateKey } from "../image/index.ts";
import { Bench, BOARD_VARIABLE, bench } from "./index.ts";

/** The path of a small twin's profile. */
function profile(...edits: Edit[]): string {
  const file = join(mkdtempSync(join(tmpdir(), "hil-bench-")), "small.yaml");
  writeFileSync(file, smallProfile(...edits).text);
  return file;
}

const open = (...edits: Edit[]): Promise<Bench> => bench({ board: profile(...edits) });

const listed = async (bed: Bench) => (await bed.slots()).map((slot) => [slot.version, ...slot.flags].join(" "));

describe("a bench for a suite", () => {
  test("is the board that the environment names, and one that is named here comes before it", async () => {
    const before = process.env[BOARD_VARIABLE];
    try {
      process.env[BOARD_VARIABLE] = profile(["name: small", "name: from-the-environment"]);
      await using named = await bench();
      await using given = await open();
      expect([named.board.name, given.board.name]).toEqual(["from-the-environment", "small"]);
    } finally {
      if (before === undefined) delete process.env[BOARD_VARIABLE];
      else process.env[BOARD_VARIABLE] = before;
    }
  });

  test("is handed out awake", async () => {
    await using bed = await open();
    expect(await listed(bed)).toEqual(["0.1.0 active confirmed"]);
  });

  test("whose board does not answer is the bench's failure, and says how long it waited", async () => {
    const failed = await open(["keys:", "timeouts_ms: { boot: 5, swap: 5 }\nkeys:"]).catch((error: unknown) => error);
    expect(isKind(failed, "bench")).toBe(true);
    expect(String(failed)).toMatch(/small does not answer on twin:app: waited 10 ms for small to boot/);
  });

  test("has power when it is closed, whatever the suite left behind", async () => {
    const bed = await open();
    const { power } = bed.board;
    const states: string[] = [];
    const set = power.set.bind(power);
    power.set = (state, options) => {
      states.push(state);
      return set(state, options);
    };
    await power.set("off");
    await bed[Symbol.asyncDispose]();
    expect(states).toEqual(["off", "on"]);
  });
});

describe("an image of a bench", () => {
  test("is signed and encrypted with the profile's keys, and no two are alike", async () => {
    await using bed = await open();
    const [first, second] = [bed.image({ version: "1.0.0" }), bed.image({ version: "1.0.0" })];
    expect([first.encrypted, first.version]).toEqual([true, "1.0.0"]);
    expect(decodeHeader(first.file).flags & ENCRYPTED_FLAGS).not.toBe(0);
    expect(first.hash).not.toBe(second.hash);
    bed.requireAllowed(first);
  });

  test("is the same for the same seed", async () => {
    const board = profile();
    await using one = await bench({ board, seed: 5 });
    await using two = await bench({ board, seed: 5 });
    expect(one.image({ version: "1.0.0" }).file).toEqual(two.image({ version: "1.0.0" }).file);
  });

  test("can be in clear, of another length, with a payload of one's own or another key", async () => {
    await using bed = await open();
    const clear = bed.image({ version: "1.0.0", encrypt: false, payload: new Uint8Array(1000).fill(7) });
    expect(clear.encrypted).toBe(false);
    expect(clear.plain.subarray(512, 1512)).toEqual(new Uint8Array(1000).fill(7));
    const long = bed.image({ version: "1.0.0", bytes: 30_000 });
    expect(long.fileBytes).toBeGreaterThan(30_000);
    const signing = loadPrivateKey(generateKey("ecdsa-p256"), { what: "another key" });
    expect(bed.image({ version: "1.0.0", signing }).file.length).toBeGreaterThan(20_000);
  });
});

describe("start", () => {
  test("makes an image run, confirmed, whatever was pending before", async () => {
    await using bed = await open();
    const [old, next] = [bed.image({ version: "1.0.0", bytes: 5000 }), bed.image({ version: "2.0.0", bytes: 5000 })];
    await bed.start(old);
    await bed.upload(next);
    await bed.requestTest(next);
    expect(await listed(bed)).toEqual(["1.0.0 active confirmed", "2.0.0 pending"]);
    await bed.start(old);
    expect(await listed(bed)).toEqual(["1.0.0 active confirmed"]);
  });

  test("does nothing when it runs already", async () => {
    await using bed = await open();
    const old = bed.image({ version: "1.0.0", bytes: 5000 });
    await bed.start(old);
    const before = bed.events.length;
    await bed.start(old);
    expect(bed.events.slice(before).map((event) => event.event)).toEqual(["image-state"]);
  });

  test("without a flasher goes through an upgrade", async () => {
    await using bed = await open();
    const without = { ...bed.board };
    delete (without as { flasher?: unknown }).flasher;
    Object.assign(bed, { board: without });
    const old = bed.image({ version: "1.0.0", bytes: 5000 });
    await bed.start(old);
    expect(await listed(bed)).toEqual(["1.0.0 active confirmed", "0.1.0"]);
    expect(eventsOf(bed.events, "upload-finished")).toHaveLength(1);
  });

  test("of an image that the bootloader does not take is the bench's failure, and says what runs", async () => {
    await using bed = await open();
    const without = { ...bed.board };
    delete (without as { flasher?: unknown }).flasher;
    Object.assign(bed, { board: without });
    const signing = loadPrivateKey(generateKey("ecdsa-p256"), { what: "another key" });
    const forged = bed.image({ version: "1.0.0", bytes: 5000, signing });
    await expect(bed.start(forged)).rejects.toThrow("small did not take image 1.0.0: 0.1.0 runs.");
  });
});

describe("cuts of a bench", () => {
  test("fall when they were asked for, and the swap is resumed", async () => {
    await using bed = await open();
    const [old, next] = [bed.image({ version: "1.0.0", bytes: 9000 }), bed.image({ version: "2.0.0", bytes: 9000 })];
    await bed.start(old);
    await bed.upload(next);
    await bed.requestTest(next);
    const { facts, seen } = await bed.resetAndCut(1_600);
    expect(Math.abs(facts.cutUs - facts.resetAnsweredUs - 1_600_000)).toBeLessThan(5000);
    expect(seen.lines.some((line) => line.text.includes("Boot source: primary slot"))).toBe(true);
    await expect(bed).toHaveSlots({ 0: "2.0.0 active", 1: "1.0.0 confirmed" });
  });

  test("on the log come after the line, by the delay that was asked for", async () => {
    await using bed = await open();
    const [old, next] = [bed.image({ version: "1.0.0", bytes: 9000 }), bed.image({ version: "2.0.0", bytes: 9000 })];
    await bed.start(old);
    await bed.upload(next);
    await bed.requestTest(next);
    const { facts } = await bed.resetAndCutOn(/Starting swap/, 200);
    expect(Math.abs((facts.intoSwapUs ?? 0) - 200_000)).toBeLessThan(5000);
  });

  test("on a pattern with flags are refused: a record could not keep them", async () => {
    await using bed = await open();
    const cut = bed.resetAndCutOn(/starting swap/i);
    await expect(cut).rejects.toThrow("/starting swap/i has flags");
    await expect(bed).toBeRunning("0.1.0");
  });
});

describe("matchers", () => {
  test("toBeRunning shows the image list and the boot log when another image runs", async () => {
    await using bed = await open();
    await expect(bed).not.toBeRunning("9.9.9");
    const told = await expect(bed)
      .toBeRunning("9.9.9")
      .catch((error: unknown) => String(error));
    expect(told).toMatch(/expected small to run 9\.9\.9; it has slot 0: 0\.1\.0 active confirmed\n/);
    expect(told).toContain("Jumping to the first image slot");
    const not = await expect(bed)
      .not.toBeRunning("0.1.0")
      .catch((error: unknown) => String(error));
    expect(not).toContain("expected small not to run 0.1.0");
  });

  test("toHaveSlots compares the slots that it is given, and null is an empty one", async () => {
    await using bed = await open();
    await expect(bed).toHaveSlots({ 0: "0.1.0 active confirmed", 1: null });
    await expect(bed).not.toHaveSlots({ 0: "0.1.0 active" });
    const told = await expect(bed)
      .toHaveSlots({ 1: "2.0.0" })
      .catch((error: unknown) => String(error));
    expect(told).toMatch(/expected slot 1: 2\.0\.0\nfound {4}slot 0: 0\.1\.0 active confirmed/);
    const not = await expect(bed)
      .not.toHaveSlots({ 1: null })
      .catch((error: unknown) => String(error));
    expect(not).toContain("expected not slot 1: empty");
  });
});

/** What each act of a bench leaves in its events. The others only make or check something. */
const ACTS: Readonly<Record<string, { readonly act: (bed: Bench) => Promise<unknown>; readonly event: string }>> = {
  start: { act: (bed) => bed.start(bed.image({ version: "1.0.0" })), event: "baseline" },
  upload: { act: (bed) => bed.upload(bed.image({ version: "2.0.0" })), event: "upload-finished" },
  requestTest: {
    async act(bed) {
      const image = bed.image({ version: "3.0.0" });
      await bed.upload(image);
      await bed.requestTest(image);
    },
    event: "set-pending",
  },
  reset: { act: (bed) => bed.reset(), event: "reset" },
  resetAndCut: { act: (bed) => bed.resetAndCut(5), event: "cut" },
  resetAndCutOn: { act: (bed) => bed.resetAndCutOn(/Starting bootloader/), event: "cut" },
  confirm: { act: (bed) => bed.confirm(), event: "confirmed" },
  powerCycle: { act: (bed) => bed.powerCycle(), event: "power" },
  slots: { act: (bed) => bed.slots(), event: "image-state" },
  wake: { act: (bed) => bed.wake(), event: "power" },
};
const NO_ACTS = ["constructor", "image", "requireAllowed", "close"];

describe("the events of a bench", () => {
  test("every method of it is an act that is written down, or makes and checks something only", () => {
    const methods = Object.getOwnPropertyNames(Bench.prototype);
    expect(methods.toSorted()).toEqual([...Object.keys(ACTS), ...NO_ACTS].toSorted());
  });

  test("have every act", async () => {
    await using bed = await open();
    for (const [name, { act, event }] of Object.entries(ACTS)) {
      const before = bed.events.length;
      await act(bed);
      const found = bed.events.slice(before).map((entry) => entry.event);
      expect({ name, found }).toEqual({ name, found: expect.arrayContaining([event]) });
    }
    const confirmed = bed.events.find((entry) => entry.event === "confirmed");
    expect(confirmed?.event === "confirmed" && confirmed.version).toBe("1.0.0");
  });
});
