import { describe, expect, test } from "@jest/globals";
import { anyText, parseInteger } from "./grammar.ts";
import { helpOf, type OptionTable, parseOptions, type Usage } from "./option.ts";

const options = {
  key: { kind: "value", short: "k", metavar: "FILE", parse: anyText, about: "A key." },
  size: { kind: "value", short: "S", metavar: "BYTES", required: true, parse: parseInteger, about: "A size." },
  pad: { kind: "flag", about: "Pad." },
  pair: { kind: "pairs", metavar: "TAG VALUE", about: "Two values." },
} as const satisfies OptionTable;

const usage = { name: "make", about: "Make it.", options, positionals: ["IN"] } as const satisfies Usage<
  typeof options
>;

describe("options of image commands", () => {
  test("may be short, long, joined, repeated and mixed with arguments", () => {
    const parsed = parseOptions(usage, [
      "-S0x10",
      "in.bin",
      "--key=a",
      "-k",
      "b",
      "--pair",
      "1",
      "-x",
      "--pair",
      "2",
      "",
    ]);
    expect(parsed).toEqual({
      help: false,
      common: { json: false },
      positionals: ["in.bin"],
      values: {
        key: "b",
        size: 16,
        pad: false,
        pair: [
          ["1", "-x"],
          ["2", ""],
        ],
      },
    });
  });

  test("take a negative number as a value, not as an option", () => {
    expect(parseOptions(usage, ["-S", "-5", "in"])).toMatchObject({ values: { size: -5 } });
  });

  test.each([
    [["--frob", "in"], "No such option '--frob'."],
    [["--kex", "in"], "No such option '--kex'. Did you mean '--key'?"],
    [["-S", "12k", "in"], /^Invalid value for '-S' \/ '--size': 12k is not a valid integer/],
    [["in"], "Missing option '-S' / '--size'."],
    [["-S", "1"], "Missing argument 'IN'."],
    [["-S", "1", "in", "out"], "Got unexpected extra argument (out)"],
    [["--pair", "1"], "Option '--pair' requires 2 arguments."],
    [["-S", "1", "in", "-k"], "Option '-k' requires an argument."],
    [["-S", "1", "in", "--pad=1"], "Option '--pad' does not take a value."],
  ])("%j is refused with imgtool's words", (argv, reason) => {
    expect(() => parseOptions(usage, argv)).toThrow(reason);
  });

  test("ask for help before anything is missing, and help lists every option", () => {
    expect(parseOptions(usage, ["--help"])).toEqual({ help: true });
    const help = helpOf(usage);
    for (const part of [
      "Usage: hil image make [OPTIONS] IN",
      "-k, --key FILE",
      "--pair TAG VALUE",
      "--pad",
      "-h, --help",
    ]) {
      expect(help).toContain(part);
    }
  });
});
