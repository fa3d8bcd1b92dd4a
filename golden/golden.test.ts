import { describe, expect, test } from "@jest/globals";
import { runFolders, vectorFolders } from "./folders.ts";
import type { GoldenResult } from "./report.ts";

// The project's own copies; whole vector folders are compared by `npm run test:golden`, with MCUBOOT_HIL_VECTORS.
describe("golden vectors of the real tools", () => {
  for (const folder of vectorFolders({})) {
    test(`${folder.path.split("/").at(-1)}: every case is reproduced`, async () => {
      const results: GoldenResult[] = [];
      for await (const result of runFolders([folder])) results.push(result);
      expect(results.filter((result) => result.status === "passed").length).toBeGreaterThan(10);
      expect(results.filter((result) => result.status !== "passed")).toEqual([]);
    }, 300_000);
  }

  test("a folder that is not there is a request that cannot be met, exit 2", () => {
    expect(() => vectorFolders({ MCUBOOT_HIL_VECTORS: "/no/such/folder" })).toThrow("there is no such folder");
  });
});
