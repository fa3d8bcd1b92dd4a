import { describe, expect, test } from "@jest/globals";
import { LruCache } from "./lru-cache.ts";

describe("LRU cache", () => {
  test("a value is made once, and again only after it was the one asked for longest ago of too many", () => {
    const made: string[] = [];
    const cache = new LruCache<string>(2);
    const ask = (name: string) => cache.of(name, () => `${made.push(name)}`);
    for (const name of ["a", "b", "a", "c", "a", "b"]) ask(name);
    expect(made).toEqual(["a", "b", "c", "b"]);
    expect(ask("a")).toBe("1");
  });
});
