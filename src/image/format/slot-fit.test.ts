import { describe, expect, test } from "@jest/globals";
import { type SlotPair, slotImageBytesMax } from "./slot-fit.ts";

/** Two slots of 896 KiB on an nRF5340, AES-128. */
const nrf5340: SlotPair = {
  mode: "move",
  slotBytes: 0xe0000,
  sectorBytes: 4096,
  writeBytes: 4,
  maxAlign: 8,
  maxSectors: 256,
  keySlotBytes: 16,
};

describe("the largest image", () => {
  test.each([
    ["scratch", 16, 914_352],
    ["scratch", 32, 914_320],
    ["move", 16, 909_312],
    ["offset", 16, 909_312],
    ["overwrite", 16, 917_464],
  ] as const)(
    "that a bootloader swapping by %s takes, with keys of %i bytes, has %i bytes",
    (mode, keySlotBytes, bytes) => {
      expect(slotImageBytesMax({ ...nrf5340, mode, keySlotBytes })).toBe(bytes);
    },
  );

  test.each([
    ["move", 0x76000, 0x75000, 0x74000],
    ["move", 0x76000, 0x76000, 0x74000],
    ["move", 0x75000, 0x75000, 0x73000],
    ["offset", 0x75000, 0x76000, 0x74000],
    ["offset", 0x75000, 0x75000, 0x73000],
  ] as const)("goes by both slots: %s with 0x%x and 0x%x", (mode, slotBytes, secondarySlotBytes, bytes) => {
    expect(slotImageBytesMax({ ...nrf5340, mode, slotBytes, secondarySlotBytes })).toBe(bytes);
  });

  test.each([
    ["move", 0x75000, 0x76000],
    ["move", 0x77000, 0x75000],
    ["offset", 0x76000, 0x75000],
    ["scratch", 0x76000, 0x75000],
    ["overwrite", 0x75000, 0x76000],
  ] as const)("is no question for slots that do not go together: %s with 0x%x and 0x%x", (mode, slotBytes, other) => {
    expect(() => slotImageBytesMax({ ...nrf5340, mode, slotBytes, secondarySlotBytes: other })).toThrow(
      /do not go together/,
    );
  });

  test.each([
    [{ slotBytes: 0xe0001 }, /not whole sectors/],
    [{ sectorBytes: 0 }, /not whole sectors/],
    [{ maxSectors: 128 }, /224 sectors exceeds the bootloader's 128/],
    [{ slotBytes: 8192 }, /smaller than its trailer/],
  ])("cannot be told for %j", (change, reason) => {
    expect(() => slotImageBytesMax({ ...nrf5340, ...change })).toThrow(reason);
  });
});
