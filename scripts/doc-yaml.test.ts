import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseProfile } from "../src/board/index.ts";
import { parseScenario } from "../src/campaign/index.ts";

const DOCS = new URL("../docs/", import.meta.url);

/** Run with its files, keys and all, by guide-walk.test.ts. */
const WALKED = "encrypt-an-image.md";

/** Whole profiles and scenarios that the other pages show. */
const EXAMPLES = readdirSync(DOCS)
  .filter((name) => name.endsWith(".md") && name !== WALKED)
  .flatMap((name) =>
    [...readFileSync(new URL(name, DOCS), "utf8").matchAll(/^```yaml\n([^]*?)^```$/gm)]
      .map(([, text = ""]) => ({ page: name, text }))
      .filter(({ text }) => /^schema: 1$/m.test(text)),
  );

test.each(EXAMPLES)("an example of $page is one that hil takes", ({ text }) => {
  const parse = /^provider:/m.test(text) ? parseProfile : parseScenario;
  expect(() => parse(text, "/docs/example.yaml")).not.toThrow();
});

test("examples are found", () => {
  expect(EXAMPLES.length).toBeGreaterThan(2);
});
