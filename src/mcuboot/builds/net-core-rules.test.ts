import { describe, expect, test } from "@jest/globals";
import { isForNetCore, NET_CORE_RULES, netCoreRule } from "./net-core-rules.ts";

/** Share of all 32-bit words that a rule takes for the network core. */
const share = (name: (typeof NET_CORE_RULES)[number]["name"]) => {
  const { from, end } = netCoreRule(name).words;
  return (end - from) / 2 ** 32;
};

describe("rules that tell an image of the network core from an application", () => {
  test("up to 2.7 take 255 of 256 random words for the network core; from 2.8 on one in 18,900", () => {
    for (const row of NET_CORE_RULES.slice(0, 3)) expect(share(row.name) * 256).toBeCloseTo(255, 5);
    for (const row of NET_CORE_RULES.slice(3)) expect(1 / share(row.name)).toBeCloseTo(18_893, -1);
  });

  test("know reset vectors of plain images of either core, whichever the release", () => {
    for (const row of NET_CORE_RULES) {
      expect([0x0000_c401, 0x000f_ffff, 0].map((word) => isForNetCore(row, word))).toEqual([false, false, false]);
      expect([0x0100_8c01, 0x0103_ffff].map((word) => isForNetCore(row, word))).toEqual([true, true]);
    }
  });

  test("do not take the address of b0n itself, nor from 2.8 on what lies behind the network core's flash", () => {
    expect(NET_CORE_RULES.map((row) => isForNetCore(row, 0x0100_0000))).toEqual(Array(6).fill(false));
    expect(NET_CORE_RULES.map((row) => isForNetCore(row, 0x0104_0000))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
