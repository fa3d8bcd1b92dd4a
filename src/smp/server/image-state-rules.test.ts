import { describe, expect, test } from "@jest/globals";
import { stateChange } from "./image-state-rules.ts";
import type { StoredSlot, SwapPlan } from "./image-store.ts";

const hashOf = (slot: number) => new Uint8Array(32).fill(slot + 1);

/** The flags of a pair as the list shows them for a plan. Source: Zephyr img_mgmt_state.c. */
function pair(plan: SwapPlan, image = 0): StoredSlot[] {
  const slot = (index: number, flags: Partial<StoredSlot>): StoredSlot => ({
    slot: 2 * image + index,
    slotBytes: 65_536,
    image: { version: "1.0.0", hash: hashOf(2 * image + index), bootable: true },
    active: index === 0,
    confirmed: false,
    pending: false,
    permanent: false,
    ...flags,
  });
  return [
    slot(0, { confirmed: plan !== "revert" }),
    slot(1, {
      pending: plan === "test" || plan === "permanent",
      permanent: plan === "permanent",
      confirmed: plan === "revert",
    }),
  ];
}

const outcome = (slots: StoredSlot[], request: { hash?: Uint8Array; confirm?: boolean }) => {
  try {
    return stateChange(slots, request);
  } catch (error) {
    return (error as { code: number }).code;
  }
};

const nothing = { kind: "nothing" };

describe("a state write, by what the next boot would do", () => {
  test.each([
    ["none", "test", 0, 33],
    ["none", "test", 1, { kind: "pending", slot: 1, permanent: false }],
    ["none", "confirm", 0, nothing],
    ["none", "confirm", 1, { kind: "pending", slot: 1, permanent: true }],
    ["test", "test", 0, 33],
    ["test", "test", 1, nothing],
    ["test", "confirm", 0, 28],
    ["test", "confirm", 1, 28],
    ["permanent", "test", 0, 33],
    ["permanent", "test", 1, 28],
    ["permanent", "confirm", 0, 28],
    ["permanent", "confirm", 1, nothing],
    ["revert", "test", 0, 33],
    ["revert", "test", 1, 28],
    ["revert", "confirm", 0, { kind: "confirm", slot: 0 }],
    ["revert", "confirm", 1, nothing],
  ] as const)("plan %s, %s of slot %i", (plan, asked, slot, expected) => {
    expect(outcome(pair(plan), { hash: hashOf(slot), confirm: asked === "confirm" })).toEqual(expected);
  });
});

describe("which slot a state write means", () => {
  test("no hash, or an empty one, with confirm is the running image", () => {
    expect(outcome(pair("revert"), { confirm: true })).toEqual({ kind: "confirm", slot: 0 });
    expect(outcome(pair("revert"), { hash: new Uint8Array(), confirm: true })).toEqual({ kind: "confirm", slot: 0 });
    expect(outcome(pair("test"), { confirm: true })).toBe(28);
  });

  test("without confirm a hash must be there", () => {
    expect(outcome(pair("none"), {})).toBe(24);
    expect(outcome(pair("none"), { confirm: false })).toBe(24);
  });

  test.each([1, 16, 31, 33, 48, 64])("a hash of %i bytes is refused", (bytes) => {
    expect(outcome(pair("none"), { hash: new Uint8Array(bytes).fill(2), confirm: true })).toBe(24);
  });

  test("an unknown hash is refused by another code", () => {
    expect(outcome(pair("none"), { hash: new Uint8Array(32), confirm: false })).toBe(8);
  });

  test("one image in both slots means slot 0", () => {
    const [first, second] = pair("none") as [StoredSlot, StoredSlot];
    const both = [first, { ...second, image: first.image }];
    expect(outcome(both, { hash: hashOf(0), confirm: false })).toBe(33);
    expect(outcome(both, { hash: hashOf(0), confirm: true })).toEqual(nothing);
  });
});

describe("the network core's pair", () => {
  const four = (plan: SwapPlan) => [...pair("none"), ...pair(plan, 1)];

  test("its secondary slot can be tested and confirmed", () => {
    expect(outcome(four("none"), { hash: hashOf(3), confirm: false })).toEqual({
      kind: "pending",
      slot: 3,
      permanent: false,
    });
    expect(outcome(four("none"), { hash: hashOf(3), confirm: true })).toEqual({
      kind: "pending",
      slot: 3,
      permanent: true,
    });
    expect(outcome(four("test"), { hash: hashOf(3), confirm: true })).toBe(28);
  });

  test("its primary slot can be neither", () => {
    expect(outcome(four("none"), { hash: hashOf(2), confirm: true })).toBe(32);
    expect(outcome(four("none"), { hash: hashOf(2), confirm: false })).toBe(33);
  });
});
