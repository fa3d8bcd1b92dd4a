import { expect, test } from "@jest/globals";
import { endOf } from "./ends.ts";

test.each([
  [0, "passed", false],
  [1, "failed", false],
  [2, "refused", false],
  [3, "bench failed", true],
  [4, "interrupted", false],
  [null, "lost", true],
  [137, "bench failed", true],
])("a run that ends with %j is %s; only the bench's fault may be tried elsewhere", (exit, state, isInfra) => {
  expect(endOf(exit)).toMatchObject({ state, isInfra });
});
