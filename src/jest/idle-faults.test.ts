import { describe, expect, test } from "@jest/globals";
import { smallProfile } from "../campaign/testing/small-campaign.ts";
import { FileScope } from "./at-end.ts";

const named = (name: string) => {
  const loaded = smallProfile(["name: small", `name: ${name}`]);
  return { ...loaded, file: `/lab/${name}.yaml` };
};

describe("planted faults at the end of a test file", () => {
  test("fail it when one acted in no bench of a board, by name", async () => {
    const scope = new FileScope();
    scope.faults.closed(named("one"), ["forget-keys", "no-revert"]);
    scope.faults.closed(named("one"), ["forget-keys"]);
    scope.faults.closed(named("other"), []);
    await expect(scope.end()).rejects.toThrow("the fault forget-keys of one never acted");
  });

  test("do not when each acted once, in whichever bench", async () => {
    const scope = new FileScope();
    scope.faults.closed(named("one"), ["forget-keys"]);
    scope.faults.closed(named("one"), ["no-revert"]);
    await expect(scope.end()).resolves.toBeUndefined();
  });

  test("are each board's own: one that acted on another board has not acted here", async () => {
    const scope = new FileScope();
    scope.faults.closed(named("one"), ["forget-keys"]);
    scope.faults.closed(named("other"), []);
    await expect(scope.end()).rejects.toThrow("of one never acted");
  });
});
