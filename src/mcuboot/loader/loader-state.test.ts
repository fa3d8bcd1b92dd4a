import { describe, expect, test } from "@jest/globals";
import { FlashContent } from "../flash/flash-content.ts";
import { smallBuild } from "../testing/small-board.ts";
import { memoryText, newLoaderState, type Swap } from "./loader-state.ts";

const build = smallBuild({ slotSectors: 6, mode: "move", encrypted: false });
const SWAP: Swap = {
  status: { operation: "move", index: 1, state: 1 },
  source: "scratch",
  type: "test",
  bytes: 5_000,
  savedKeys: [undefined, Uint8Array.of(1, 2)],
};

function memory() {
  const state = newLoaderState(FlashContent.erased(0x1_0000), build);
  state.swaps.push(structuredClone(SWAP));
  return state;
}

/** A value of the same kind that is another one. */
function other(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") return `${value}?`;
  if (value instanceof Uint8Array) return Uint8Array.of(...value, 0);
  return value === undefined ? Uint8Array.of(7) : value;
}

/** Where the numbers, texts, truths and keys of a value stand, as ways through its members. */
function leavesOf(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [way];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...way, name]));
}

/** The same value with one leaf changed. Nothing that it was made of is changed. */
function changed(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return other(value);
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  Reflect.set(copy, name, changed(Reflect.get(copy, name), rest));
  return copy;
}

describe("memoryText", () => {
  const { images, swaps } = memory();

  test("is the same for two boots that hold the same", () => {
    expect(memoryText(memory())).toBe(memoryText(memory()));
    expect(memoryText(undefined)).toBe("");
  });

  test.each(leavesOf({ images, swaps }).map((way) => [way.join("."), way] as const))("tells %s", (_, way) => {
    const state = memory();
    const told = changed({ images: state.images, swaps: state.swaps }, way) as Pick<typeof state, "images" | "swaps">;
    expect(memoryText({ ...state, ...told })).not.toBe(memoryText(state));
  });

  test("tells one key from the next, whatever bytes they hold", () => {
    const keyed = (first: Uint8Array, second: Uint8Array) => {
      const state = memory();
      for (const { savedKeys } of state.swaps) savedKeys.splice(0, 2, first, second);
      return memoryText(state);
    };
    expect(keyed(Uint8Array.of(0x20, 0x31), Uint8Array.of())).not.toBe(
      keyed(Uint8Array.of(), Uint8Array.of(0x20, 0x31)),
    );
  });
});
