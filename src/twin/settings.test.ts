import { describe, expect, test } from "@jest/globals";
import { hex, utf8 } from "../core/index.ts";
import {
  deleteSetting,
  eraseStorage,
  groupList,
  loadSettings,
  readSetting,
  saveSettings,
  writeSetting,
} from "../smp/index.ts";
import type { TwinSettings } from "./settings-store.ts";
import { smallMachine } from "./testing/small-machine.ts";

const BOOT_MS = 1500;
const SETTINGS: TwinSettings = {
  values: [
    { name: "app/label", value: utf8("a") },
    { name: "app/serial", value: utf8("s") },
  ],
  stored: true,
  locked: ["app/serial"],
};

/** A board that runs, with settings; `cut` takes its power for a second, `reset` asks it to. */
async function board(settings: Partial<TwinSettings> | undefined = {}) {
  const bed = smallMachine({ smp: { settings: settings && { ...SETTINGS, ...settings } } });
  bed.machine.powerOn();
  await bed.pass(BOOT_MS);
  const { session } = bed.smp;
  return {
    ...bed,
    session,
    label: async () => hex((await session.request(readSetting, { name: "app/label" })).val),
    write: (text: string) => session.request(writeSetting, { name: "app/label", val: utf8(text) }),
    async cut() {
      bed.machine.powerOff();
      await bed.pass(1_000);
      bed.machine.powerOn();
      await bed.pass(BOOT_MS);
    },
    async reset() {
      await bed.smp.reset();
      await bed.pass(BOOT_MS + 300);
    },
  };
}

const [A, B] = [hex(utf8("a")), hex(utf8("b"))];

describe("the twin's settings", () => {
  test.each(["cut", "reset"] as const)(
    "outlive a %s when they were saved, and not when they were only written",
    async (how) => {
      await using bed = await board();
      await bed.write("b");
      expect(await bed.label()).toBe(B);
      await bed[how]();
      expect(await bed.label()).toBe(A);
      await bed.write("b");
      await bed.session.request(saveSettings, {});
      await bed[how]();
      expect(await bed.label()).toBe(B);
    },
  );

  test("of which the stored value was deleted are back at the firmware's own after the next start, and not before", async () => {
    await using bed = await board();
    await bed.write("b");
    await bed.session.request(saveSettings, {});
    await bed.session.request(deleteSetting, { name: "app/label" });
    await bed.session.request(loadSettings, {});
    expect(await bed.label()).toBe(B);
    await bed.cut();
    expect(await bed.label()).toBe(A);
  });

  test("are gone after an erase of the storage and a start", async () => {
    await using bed = await board();
    await bed.write("b");
    await bed.session.request(saveSettings, {});
    await bed.session.request(eraseStorage, {}, { timeoutMs: 5_000 });
    expect(await bed.label()).toBe(B);
    await bed.cut();
    expect(await bed.label()).toBe(A);
  });

  test("keep the value before when power goes while they are saved", async () => {
    await using bed = await board();
    await bed.write("b");
    const saving = bed.session.request(saveSettings, {}, { retries: 0, timeoutMs: 500 }).catch(() => undefined);
    // The request is on the wire for 0.3 ms, and the first entry takes 0.3 ms of flash: the cut is in the middle of it.
    await bed.pass(0.45);
    await bed.cut();
    await saving;
    expect(await bed.label()).toBe(A);
  });

  test("that are locked are refused by name", async () => {
    await using bed = await board();
    const name = "app/serial";
    await expect(bed.session.request(writeSetting, { name, val: utf8("x") })).rejects.toThrow("EACCESSDENIED");
    await expect(bed.session.request(deleteSetting, { name })).rejects.toThrow("EACCESSDENIED");
    expect(hex((await bed.session.request(readSetting, { name })).val)).toBe(hex(utf8("s")));
  });

  test("without a store cannot be saved, and there is no storage to erase", async () => {
    await using bed = await board({ stored: false });
    await expect(bed.session.request(saveSettings, {})).rejects.toThrow("SAVE_NOT_SUPPORTED");
    await expect(bed.session.request(eraseStorage, {})).rejects.toThrow("ENOTSUP");
  });

  test("are a group of its list when it has any", async () => {
    await using bed = await board();
    expect((await bed.session.request(groupList, {})).groups).toEqual([10, 1, 0, 3, 9, 2, 63]);
    await using other = smallMachine();
    other.machine.powerOn();
    await other.pass(BOOT_MS);
    expect((await other.smp.session.request(groupList, {})).groups).toEqual([10, 1, 0, 9, 2]);
    await expect(other.smp.session.request(readSetting, { name: "app/label" })).rejects.toThrow("ENOTSUP");
  });
});
