import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { rewriteYaml } from "./rewrite-yaml.ts";

const TEXT = "# a lab\nat: 0x10000 # where\nrun: [ a, 'b',   c ]\nlong: |\n  one\n  two\n";

test("a YAML text in which nothing is replaced stays as it is, byte for byte", () => {
  expect(rewriteYaml(TEXT, () => undefined)).toBe(TEXT);
  expect(rewriteYaml(TEXT, (_, value) => value)).toBe(TEXT);
});

test("texts are replaced by their path, whatever way they are written in; numbers and comments stay", () => {
  const changed = rewriteYaml(TEXT, ([name, at]) =>
    (name === "run" && at === 1) || name === "long" ? "x" : undefined,
  );
  expect(parse(changed)).toEqual({ at: 0x1_0000, run: ["a", "x", "c"], long: "x" });
  expect(changed).toContain("at: 0x10000 # where\n");
});

test("a text behind an alias is replaced where its anchor is, and twice is as often as once", () => {
  const aliased = "a: &x secret\nb: *x\nc: &y { d: secret }\ne: *y\n";
  const hide = (text: string) => rewriteYaml(text, ([name]) => (name === "b" || name === "e" ? "gone" : undefined));
  expect(hide(aliased)).not.toContain("secret");
  expect(hide(hide(aliased))).toBe(hide(aliased));
});
