import { describe, expect, test } from "@jest/globals";
import { deadReferences, needless } from "./tarball.ts";

const NAMES = ["README.md", "docs/smp.md", "src/smp/client.ts", "boards/lab/one.yaml", "package.json"];
const dead = (page: string, text: string) => deadReferences(new Map([[page, text]]), NAMES);

describe("pages of a package", () => {
  test.each([
    ["a link to a page", "see [SMP](docs/smp.md#uploads)"],
    ["an absolute link", "see [there](https://example.org/a/b.md)"],
    ["a link within the page", "see [below](#below)"],
    ["a folder", "the boards in `boards/lab/` and [boards](boards/lab)"],
    [
      "a file that the README says is in the repository",
      "run `scripts/clean.mjs`, `peers/x.test.ts`, [tests](hil-tests/a.ts)",
    ],
    ["a path that stands for any", "write `src/power/NAME.ts`"],
    ["a test beside the code", "see `src/smp/client.test.ts`"],
    ["a path of the user's", "`lab/one.yaml`, `src/…/a.ts`"],
    ["what stands in a block of code", "```sh\ncat `src/none.ts`\n```\n"],
  ])("%s is fine", (_, text) => {
    expect(dead("README.md", text)).toEqual([]);
  });

  test.each([
    ["a link to a page that is not packed", "README.md", "[a](docs/none.md)", "docs/none.md"],
    ["a link beside the page", "docs/smp.md", "[a](none.md)", "docs/none.md"],
    ["a link out of the package", "docs/smp.md", "[a](../../main/README.md)", "../main/README.md"],
    ["a source file that has gone", "docs/smp.md", "see `src/smp/gone.ts`.", "src/smp/gone.ts"],
    ["a source file with a line number", "docs/smp.md", "see `src/smp/gone.ts:17`.", "src/smp/gone.ts"],
  ])("%s is told", (_, page, text, path) => {
    expect(dead(page, text)).toEqual([`${page}: ${path}`]);
  });
});

test("tests and what only they need are needless in a package", () => {
  expect(needless([...NAMES, "src/a.test.ts", "dist/power/testing/rig.js", "golden/vectors/a.bin"])).toEqual([
    "src/a.test.ts",
    "dist/power/testing/rig.js",
    "golden/vectors/a.bin",
  ]);
});
