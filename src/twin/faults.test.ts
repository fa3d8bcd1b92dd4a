import { describe, expect, test } from "@jest/globals";
import { isKind } from "../core/index.ts";
import { DEFECTS } from "../mcuboot/index.ts";
import { hooksOf, MACHINE_FAULTS, sortFaults, TWIN_FAULT_NAMES } from "./faults.ts";
import { type SmallMachineOptions, smallMachine } from "./testing/small-machine.ts";

const BOOT_MS = 1500;
const SWAP_MS = 8000;

/** A board whose upgrade to 2.0.0 was cut in mid-swap, and resumed. */
async function resumed(options: SmallMachineOptions) {
  const bed = smallMachine(options);
  bed.machine.powerOn();
  await bed.pass(BOOT_MS);
  await bed.requestAndReset();
  await bed.pass(2500);
  bed.machine.powerOff();
  bed.machine.powerOn();
  await bed.pass(SWAP_MS);
  expect(bed.count("Boot source: primary slot")).toBe(1);
  return bed;
}

const unanswered = async (bed: ReturnType<typeof smallMachine>) =>
  isKind(await bed.smp.echo("there").catch((error: unknown) => error), "timeout");

describe("names of faults", () => {
  test("are those of the machine, then those of the bootloader model, each once", () => {
    expect(TWIN_FAULT_NAMES).toEqual([...MACHINE_FAULTS, ...DEFECTS].map((row) => row.name));
    expect(new Set(TWIN_FAULT_NAMES).size).toBe(TWIN_FAULT_NAMES.length);
  });

  test("go to the part that has them", () => {
    const { machine, bootloader } = sortFaults(["forget-resume", "boot-loop"]);
    expect([[...machine], [...bootloader]]).toEqual([["boot-loop"], ["forget-resume"]]);
    expect(sortFaults([])).toEqual({ machine: new Set(), bootloader: new Set() });
  });
});

describe("hooks of faults", () => {
  test("of every row name at least one place, and none of them is there without its fault", () => {
    for (const { name } of MACHINE_FAULTS) expect(Object.keys(hooksOf(new Set([name])))).toHaveLength(1);
    expect(hooksOf(new Set())).toEqual({});
  });

  test("of two faults act together", () => {
    expect(hooksOf(new Set(["relay-stuck", "dead-after-resume"] as const))).toEqual({
      relay: "stuck",
      afterResume: "hang",
    });
  });
});

describe("boot-loop", () => {
  test("resets the application again and again after a resumed swap, and it never answers", async () => {
    await using bed = await resumed({ faults: ["boot-loop"] });
    await bed.pass(SWAP_MS);
    expect(bed.count("USAGE FAULT")).toBeGreaterThan(3);
    expect(bed.count("Starting bootloader")).toBeGreaterThan(5);
    expect(await unanswered(bed)).toBe(true);
  });

  test("leaves an upgrade alone that nobody cut", async () => {
    await using bed = smallMachine({ faults: ["boot-loop"] });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.requestAndReset();
    await bed.pass(SWAP_MS);
    expect(bed.count("USAGE FAULT")).toBe(0);
    expect(await bed.listed()).toEqual(["2.0.0 active", "1.0.0 confirmed"]);
  });
});

describe("dead-after-resume", () => {
  test("prints nothing after the bootloader's last line and answers nothing", async () => {
    await using bed = await resumed({ faults: ["dead-after-resume"] });
    expect(bed.lines.at(-1)?.text).toContain("Jumping to the first image slot");
    expect(await unanswered(bed)).toBe(true);
  });

  test("is over with the next power cycle", async () => {
    await using bed = await resumed({ faults: ["dead-after-resume"] });
    bed.machine.powerOff();
    bed.machine.powerOn();
    await bed.pass(SWAP_MS);
    expect(await unanswered(bed)).toBe(false);
  });
});

describe("stale-image-list", () => {
  test("shows the list of the application's start whatever is done, until it is reset", async () => {
    await using bed = smallMachine({ faults: ["stale-image-list"] });
    bed.machine.powerOn();
    await bed.pass(BOOT_MS);
    await bed.smp.imageErase();
    expect(await bed.listed()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
    await bed.smp.reset();
    await bed.pass(BOOT_MS);
    expect(await bed.listed()).toEqual(["1.0.0 active confirmed"]);
  });
});

describe("a board without faults", () => {
  test("runs the new image after a resumed swap, and its list follows what is done", async () => {
    await using bed = await resumed({});
    expect(await bed.listed()).toEqual(["2.0.0 active", "1.0.0 confirmed"]);
    await bed.smp.setImageState({ confirm: true });
    expect(await bed.listed()).toEqual(["2.0.0 active confirmed", "1.0.0"]);
  });
});
