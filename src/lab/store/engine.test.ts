import { expect, test } from "@jest/globals";
import { requireLabNode } from "./engine.ts";

test.each(["20.20.2", "22.11.0", "21.9.9"])("Node %s is refused with a sentence, exit 2", (version) => {
  expect(() => requireLabNode(version)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/Node 22\.12 or later; this is/) }),
  );
});

test.each(["22.12.0", "22.23.1", "24.0.0", "26.1.0"])("Node %s is taken", (version) => {
  expect(() => requireLabNode(version)).not.toThrow();
});
