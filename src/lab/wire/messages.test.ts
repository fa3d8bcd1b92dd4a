import { describe, expect, test } from "@jest/globals";
import { bundlePath, lineOf, RUN_OPTIONS } from "./messages.ts";
import { openApi } from "./openapi.ts";
import { ROUTE_ROWS } from "./routes.ts";

describe("what comes over the lab's API", () => {
  test.each(["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "C:\\x", "a\\..\\b", "a\u0000b", ""])(
    "the path %j does not leave its folder",
    (path) => {
      expect(bundlePath.safeParse(path).success).toBe(false);
    },
  );

  test("a path of folders and an odd name is one", () => {
    expect(bundlePath.parse("build/app v2/zephyr.signed.bin")).toBe("build/app v2/zephyr.signed.bin");
  });

  test.each(["two\nlines", "\u001b[2J", "a\u2028b", ""])("%j is no name", (name) => {
    expect(lineOf(80).safeParse(name).success).toBe(false);
  });

  test.each(["board", "runs", "report", "label", "write", "trust"])("a submitter cannot set --%s of a run", (name) => {
    expect(RUN_OPTIONS.safeParse({ [name]: "x" }).success).toBe(false);
  });

  test("every row of the API is in its OpenAPI document, with its fields", () => {
    const { paths } = openApi("0.0.0") as { paths: Record<string, Record<string, { operationId: string }>> };
    const told = Object.values(paths).flatMap((place) => Object.values(place).map(({ operationId }) => operationId));
    expect(told.toSorted()).toEqual(ROUTE_ROWS.map(([name]) => name).toSorted());
    expect(JSON.stringify(paths["/api/jobs"]?.["post"])).toContain('"scenario"');
    expect(JSON.stringify(paths["/api/boards/{board}/reserve"])).toContain('"name":"board","in":"path"');
  });
});
