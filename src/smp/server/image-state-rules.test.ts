import { describe, expect, test } from "@jest/globals";
import { IMAGE_GROUP } from "../groups/image.ts";
import { ERROR_GROUPS } from "../packet/errors.ts";
import { SmpFault } from "./faults.ts";
import { stateChange } from "./image-state-rules.ts";
import type { StoredSlot, SwapPlan } from "./image-store.ts";

/** Names of the image group's codes. */
const IMAGE_ERRORS = new Map(
  ERROR_GROUPS.flatMap(({ name, errors }) =>
    name === "image" ? errors.map((row) => [row.code, row.name] as const) : [],
  ),
);

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
    if (!(error instanceof SmpFault) || error.group !== IMAGE_GROUP) throw error;
    return IMAGE_ERRORS.get(error.code) ?? error.code;
  }
};

const nothing = { kind: "nothing" };

describe("a state write, by what the next boot would do", () => {
  test.each([
    ["none", "test", 0, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED"],
    ["none", "test", 1, { kind: "pending", slot: 1, permanent: false }],
    ["none", "confirm", 0, nothing],
    ["none", "confirm", 1, { kind: "pending", slot: 1, permanent: true }],
    ["test", "test", 0, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED"],
    ["test", "test", 1, nothing],
    ["test", "confirm", 0, "IMAGE_ALREADY_PENDING"],
    ["test", "confirm", 1, "IMAGE_ALREADY_PENDING"],
    ["permanent", "test", 0, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED"],
    ["permanent", "test", 1, "IMAGE_ALREADY_PENDING"],
    ["permanent", "confirm", 0, "IMAGE_ALREADY_PENDING"],
    ["permanent", "confirm", 1, nothing],
    ["revert", "test", 0, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED"],
    ["revert", "test", 1, "IMAGE_ALREADY_PENDING"],
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
    expect(outcome(pair("test"), { confirm: true })).toBe("IMAGE_ALREADY_PENDING");
  });

  test("without confirm a hash must be there", () => {
    expect(outcome(pair("none"), {})).toBe("INVALID_HASH");
    expect(outcome(pair("none"), { confirm: false })).toBe("INVALID_HASH");
  });

  test.each([1, 16, 31, 33, 48, 64])("a hash of %i bytes is refused", (bytes) => {
    expect(outcome(pair("none"), { hash: new Uint8Array(bytes).fill(2), confirm: true })).toBe("INVALID_HASH");
  });

  test("an unknown hash is refused by another code", () => {
    expect(outcome(pair("none"), { hash: new Uint8Array(32), confirm: false })).toBe("HASH_NOT_FOUND");
  });

  test("one image in both slots means slot 0", () => {
    const [first, second] = pair("none") as [StoredSlot, StoredSlot];
    const both = [first, { ...second, image: first.image }];
    expect(outcome(both, { hash: hashOf(0), confirm: false })).toBe("IMAGE_SETTING_TEST_TO_ACTIVE_DENIED");
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
    expect(outcome(four("test"), { hash: hashOf(3), confirm: true })).toBe("IMAGE_ALREADY_PENDING");
  });

  test("its primary slot can be neither", () => {
    expect(outcome(four("none"), { hash: hashOf(2), confirm: true })).toBe("IMAGE_CONFIRMATION_DENIED");
    expect(outcome(four("none"), { hash: hashOf(2), confirm: false })).toBe("IMAGE_SETTING_TEST_TO_ACTIVE_DENIED");
  });
});
