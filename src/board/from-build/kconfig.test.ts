import { describe, expect, test } from "@jest/globals";
import { parseKconfig } from "./kconfig.ts";

describe("the settings of a build", () => {
  test("are what is set, what is not set, and where", () => {
    const { symbols } = parseKconfig(
      '#\n# Bootloader\n#\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="a \\"b\\" \\\\"\nCONFIG_D=0x200\nSB_CONFIG_E=y\n\nCONFIG_F=""\r\n',
      ".config",
    );
    expect(Object.fromEntries(symbols)).toEqual({
      A: { value: "y", line: 4 },
      B: { value: "n", line: 5 },
      C: { value: 'a "b" \\', line: 6 },
      D: { value: "0x200", line: 7 },
      SB_CONFIG_E: { value: "y", line: 8 },
      F: { value: "", line: 10 },
    });
  });

  test("are refused with their line where one is no setting", () => {
    expect(() => parseKconfig("CONFIG_A=y\nhello\n", "mcuboot/zephyr/.config")).toThrow(
      'mcuboot/zephyr/.config, line 2: "hello" is no setting.',
    );
  });
});
