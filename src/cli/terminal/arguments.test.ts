import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { type OptionRows, type Parsed, parseArguments } from "./arguments.ts";

const ROWS = {
  board: { type: "string", describe: "board profile", default: "twin" },
  cuts: { type: "string", describe: "how many cuts" },
  "max-wear": { type: "string", describe: "erase cycles" },
  verbose: { type: "boolean", describe: "say more" },
  key: { type: "string", alias: "k", describe: "a key" },
} as const satisfies OptionRows;

const USAGE = "hil thing [FILE] [options]";

function parse(...argv: string[]): Parsed {
  const parsed = parseArguments(memoryIo(), argv, USAGE, ROWS, 1);
  if (!parsed) throw new RangeError("help was printed");
  return parsed;
}

/** The whole paragraph of the error that these arguments are. */
function complaint(...argv: string[]): string {
  try {
    const parsed = parse(...argv);
    for (const name of ["cuts", "max-wear"]) parsed.number(name);
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect([error.kind, error.exitCode]).toEqual(["usage", 2]);
    return error.paragraph();
  }
  return "no complaint";
}

describe("options", () => {
  test("come as text, in whatever way they are written", () => {
    expect(parse("--board", "lab.yaml").text("board")).toBe("lab.yaml");
    expect(parse("--board=lab.yaml").text("board")).toBe("lab.yaml");
    expect(parse("-k", "a.pem").text("key")).toBe("a.pem");
    expect(parse("--cuts=-x").text("cuts")).toBe("-x");
    expect(parse("--cuts", "-5").number("cuts")).toBe(-5);
  });

  test("that are text stay as they were written, also when they look like numbers", () => {
    expect(parse("--board", "007").text("board")).toBe("007");
    expect(parse("--board", "1e3").text("board")).toBe("1e3");
    expect(parse("0010").positional).toEqual(["0010"]);
  });

  test("that are repeated count by the last one, or all of them, as the command asks", () => {
    const parsed = parse("--cuts", "1", "--cuts", "2", "--verbose", "--verbose");
    expect([parsed.text("cuts"), parsed.texts("cuts"), parsed.flag("verbose")]).toEqual(["2", ["1", "2"], true]);
  });

  test("that were not given are none", () => {
    const parsed = parse();
    expect([parsed.text("cuts"), parsed.texts("cuts"), parsed.number("cuts"), parsed.flag("verbose")]).toEqual([
      undefined,
      [],
      undefined,
      false,
    ]);
  });

  test("end with two dashes: what follows is an argument", () => {
    expect(parse("--", "--board").positional).toEqual(["--board"]);
  });
});

describe("what is wrong with a command line is told with the way out", () => {
  test.each([
    ["an option that nobody knows", ["--frobnicate"], "unknown option --frobnicate. See hil thing --help."],
    [
      "a mistyped option, with the nearest",
      ["--bord", "x"],
      "unknown option --bord. Did you mean --board? See hil thing --help.",
    ],
    ["an unknown letter", ["-x"], "unknown option -x."],
    ["an option that is denied", ["--no-verbose"], "unknown option --no-verbose."],
    ["an option with a dot in it", ["--board.x", "y"], "unknown option --board.x."],
    ["an argument too many", ["a", "b"], '"b" is one argument too many. See hil thing --help.'],
    ["a number that is none", ["--cuts", "many"], '--cuts wants a number, not "many". See hil thing --help.'],
    ["a number that is blank", ["--cuts", " "], '--cuts wants a number, not " ".'],
    ["a value that is missing at the end", ["--max-wear"], "--max-wear needs a value. See hil thing --help."],
    ["a value that is missing before the next option", ["--key", "--verbose"], "--key needs a value."],
    ["a value that is empty", ["--board="], "--board needs a value."],
  ])("%s", (_, argv, text) => {
    expect(complaint(...argv)).toContain(text);
  });
});

describe("a whole number", () => {
  const whole = (text: string, limits?: { least?: number; most?: number }) =>
    parse("--cuts", text).whole("cuts", limits);

  test("is returned from its least to its most, and undefined without the option", () => {
    expect([whole("0"), whole("5", { least: 5 }), whole("9", { most: 9 }), parse().whole("cuts")]).toEqual([
      0,
      5,
      9,
      undefined,
    ]);
  });

  test.each([
    ["2.5", {}, "0 on"],
    ["-1", {}, "0 on"],
    ["9007199254740992", {}, "0 on"],
    ["4", { least: 5 }, "5 on"],
    ["10", { least: 5, most: 9 }, "5 to 9"],
  ])("%s is refused, with what would do", (text, limits, range) => {
    expect(() => whole(text, limits)).toThrow(`--cuts wants a whole number from ${range}, not "${text}".`);
  });
});

describe("help", () => {
  test.each(["--help", "-h"])(
    "is printed for %s, with every option and its default, and nothing else is done",
    (flag) => {
      const io = memoryIo();
      expect(parseArguments(io, ["--frobnicate", flag], USAGE, ROWS, 0)).toBeUndefined();
      for (const word of [USAGE, "--board", "board profile", "twin", "--max-wear", "-k, --key", "--debug"]) {
        expect(io.printed()).toContain(word);
      }
      expect(io.complained()).toBe("");
    },
  );

  test("is in one language whatever the machine's is", () => {
    const before = process.env["LC_ALL"];
    try {
      process.env["LC_ALL"] = "de_DE.UTF-8";
      const io = memoryIo();
      parseArguments(io, ["--help"], USAGE, ROWS, 0);
      expect(io.printed()).toContain("Options:");
    } finally {
      if (before === undefined) delete process.env["LC_ALL"];
      else process.env["LC_ALL"] = before;
    }
  });
});
