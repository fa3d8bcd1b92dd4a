import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { imageRandomness } from "./keys.ts";

/** Whether two runs of one seed draw the same image key. */
function isSeeded(
  signing: string,
  encryption: string | undefined,
  isGenerated: boolean,
  kind: "virtual" | "real",
): boolean {
  const draw = () => {
    const chance = { clock: { kind }, random: Random.fromSeed(1), isGenerated } as const;
    return imageRandomness({ keyNames: { signing, verifying: [], encryption } }, chance)
      .draw("image key", 16)
      .join();
  };
  return draw() === draw();
}

describe("the key of an image comes from the seed", () => {
  test("on a twin with keys and firmware that are on every machine", () => {
    expect(isSeeded("builtin:a.pem", "builtin:b.pem", true, "virtual")).toBe(true);
    expect(isSeeded("none", undefined, true, "virtual")).toBe(true);
  });

  test.each<[string, string, string, boolean, "virtual" | "real"]>([
    ["the signing key is the user's", "mine.pem", "builtin:b.pem", true, "virtual"],
    ["the encryption key is the user's", "builtin:a.pem", "mine.pem", true, "virtual"],
    ["the firmware is the user's", "builtin:a.pem", "builtin:b.pem", false, "virtual"],
    ["time is real", "builtin:a.pem", "builtin:b.pem", true, "real"],
  ])("never when %s", (_, signing, encryption, isGenerated, kind) => {
    expect(isSeeded(signing, encryption, isGenerated, kind)).toBe(false);
  });

  test("and signatures are as long in every run, so that time on the twin is the same", () => {
    const chance = { clock: { kind: "virtual" }, random: Random.fromSeed(1), isGenerated: false } as const;
    expect(
      imageRandomness({ keyNames: { signing: "mine.pem", verifying: [], encryption: undefined } }, chance).ecdsaNonce,
    ).toBe("rfc6979");
  });
});
