import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { compareVersions, formatVersion, parseVersion } from "./version.ts";

const version = fc.record({
  major: fc.nat(0xff),
  minor: fc.nat(0xff),
  revision: fc.nat(0xffff),
  build: fc.nat(0xffff_ffff),
});

describe("version", () => {
  test("what is formatted is parsed to the same version", () => {
    fc.assert(fc.property(version, (sent) => expect(parseVersion(formatVersion(sent))).toEqual(sent)));
  });

  test.each([
    ["1", { major: 1, minor: 0, revision: 0, build: 0 }],
    ["1.2", { major: 1, minor: 2, revision: 0, build: 0 }],
    ["1.2.3+4294967295", { major: 1, minor: 2, revision: 3, build: 0xffff_ffff }],
  ])("%s leaves out parts that are 0", (text, parsed) => {
    expect(parseVersion(text)).toEqual(parsed);
  });

  test.each(["", "v1.2.3", "1.2.3.4", "1.2+3", "1.2.3-rc1", "-1.0.0", "1.02.3", "1..2", "1.2.3 ", "1.2.3\n"])(
    "%j is refused as no version",
    (text) => {
      expect(() => parseVersion(text)).toThrow("Invalid version number");
    },
  );

  test.each(["256.0.0", "0.256.0", "0.0.65536", "0.0.0+4294967296"])("%s is refused: a part is too large", (text) => {
    expect(() => parseVersion(text)).toThrow(/does not fit its field/);
  });

  test("the build number counts only when it is asked for", () => {
    const older = parseVersion("1.2.3+4");
    const newer = parseVersion("1.2.3+5");
    expect(compareVersions(older, newer)).toBe(0);
    expect(compareVersions(older, newer, { useBuildNumber: true })).toBeLessThan(0);
  });

  test("a larger minor number beats a larger revision", () => {
    expect(compareVersions(parseVersion("1.3.0"), parseVersion("1.2.999"))).toBeGreaterThan(0);
  });
});
