import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { z } from "zod";
import { isKind, messageOf } from "../errors.ts";
import { type ConfigFileError, loadYaml, parseValue, parseYaml, resolveFrom } from "./config-file.ts";

const port = z.union([
  z.strictObject({ path: z.string() }),
  z.strictObject({
    jlink: z.string({ error: 'must be text: put the number in quotes ("001050012345")' }),
    interface: z.int().min(0),
  }),
]);
const schema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(["twin", "hardware"]),
  app: z.strictObject({ baud_rate: z.int().min(1200).max(1_000_000), path: z.string() }).optional(),
  slot: z.int().multipleOf(4096).optional(),
  power: z
    .discriminatedUnion("driver", [
      z.strictObject({ driver: z.literal("lcus"), channel: z.int().min(1) }),
      z.strictObject({ driver: z.literal("command"), on: z.array(z.string()).min(1) }),
    ])
    .optional(),
  port: port.optional(),
  wifi: z.strictObject({ password: z.string().min(8) }).optional(),
  list: z.array(z.strictObject({ at: z.int() })).optional(),
});

function paragraphOf(text: string): string {
  try {
    parseYaml(text, "lab.yaml", schema);
  } catch (error) {
    if (!isKind(error, "configuration")) throw error;
    expect(error.exitCode).toBe(2);
    return error.paragraph();
  }
  throw new Error("no error");
}

describe("a configuration file that is right", () => {
  const text =
    "# a comment\nname: dk\nkind: twin\n\napp:\n  path: /dev/x\n  baud_rate: 0x1C200\nlist:\n  - at: 1\n  - at: 2\n";

  test("gives its value, with hexadecimal numbers read", () => {
    expect(parseYaml(text, "lab.yaml", schema).value.app).toEqual({ path: "/dev/x", baud_rate: 115_200 });
  });

  test("knows the line of each field, of list items, and of what stands around an absent field", () => {
    const { lineOf } = parseYaml(text, "lab.yaml", schema);
    expect(
      [[], ["kind"], ["app", "baud_rate"], ["list", 1, "at"], ["app", "absent", "deep"], ["wifi"]].map(lineOf),
    ).toEqual([2, 3, 7, 10, 5, 2]);
  });

  test("makes errors about its fields for checks of other kinds", () => {
    const error = parseYaml(text, "lab.yaml", schema).wrong(
      ["app", "path"],
      "names a port that is not there.",
      "Plug it in.",
    );
    expect(error.paragraph()).toBe("lab.yaml, line 6: app.path names a port that is not there. Plug it in.");
  });

  test("may repeat a part by an alias, and lines are those of the anchor's part", () => {
    const file = parseYaml("name: x\nkind: twin\napp: &a\n  path: p\n  baud_rate: 9600\n", "lab.yaml", schema);
    expect(file.lineOf(["app", "path"])).toBe(4);
    const twice = parseYaml("list:\n  - &one\n    at: 1\n  - *one\n", "x", z.strictObject({ list: schema.shape.list }));
    expect([twice.value.list, twice.lineOf(["list", 1]), twice.lineOf(["list", 1, "at"])]).toEqual([
      [{ at: 1 }, { at: 1 }],
      4,
      3,
    ]);
  });

  test("reads yes and no as text, as YAML 1.2 says", () => {
    expect(parseYaml("name: no\nkind: twin\n", "lab.yaml", schema).value.name).toBe("no");
  });
});

describe("a configuration file that is wrong", () => {
  const head = "name: dk\nkind: twin\n";
  test.each([
    [
      "a wrong type",
      `${head}app:\n  path: x\n  baud_rate: fast\n`,
      'lab.yaml, line 5: app.baud_rate is "fast"; expected a whole number.',
    ],
    ["a fraction", `${head}slot: 1.5\n`, "lab.yaml, line 3: slot is 1.5; expected a whole number."],
    [
      "a number out of range",
      `${head}app: {path: x, baud_rate: 300}\n`,
      "lab.yaml, line 3: app.baud_rate is 300; expected at least 1200.",
    ],
    [
      "a number as the file spells it",
      `${head}slot: 0x1001\n`,
      "lab.yaml, line 3: slot is 0x1001; expected a multiple of 4096.",
    ],
    ["a missing field, at its parent's line", "kind: twin\n", "lab.yaml, line 1: name is missing; expected text."],
    ["an empty field", `${head}slot:\n`, "lab.yaml, line 3: slot is empty; expected a whole number."],
    [
      "a mistyped field",
      `${head}app: {path: x, baud_rat: 9600, baud_rate: 9600}\n`,
      'lab.yaml, line 3: app.baud_rat is not a field; did you mean "baud_rate"?',
    ],
    [
      "an unknown field",
      `${head}app: {path: x, colour: red, baud_rate: 9600}\n`,
      "lab.yaml, line 3: app.colour is not a field here; the fields are baud_rate, path.",
    ],
    [
      "a mistyped word of a list",
      "name: dk\nkind: twn\n",
      'lab.yaml, line 2: kind is "twn"; expected one of twin, hardware (did you mean "twin"?).',
    ],
    [
      "a word with two letters swapped",
      "name: dk\nkind: tiwn\n",
      'lab.yaml, line 2: kind is "tiwn"; expected one of twin, hardware (did you mean "twin"?).',
    ],
    [
      "a number where text is wanted",
      "name: 1.0\nkind: twin\n",
      "lab.yaml, line 1: name is 1.0; expected text: put it in quotes.",
    ],
    [
      "an unknown word of a list",
      "name: dk\nkind: qemu\n",
      'lab.yaml, line 2: kind is "qemu"; expected one of twin, hardware.',
    ],
    [
      "an unknown driver",
      `${head}power:\n  driver: lcuss\n`,
      'lab.yaml, line 4: power.driver is "lcuss"; expected one of lcus, command (did you mean "lcus"?).',
    ],
    [
      "a missing driver",
      `${head}power:\n  channel: 1\n`,
      "lab.yaml, line 3: power.driver is missing; expected one of lcus, command.",
    ],
    [
      "the nearest form of a union, in the schema's own words",
      `${head}port: { jlink: 001050012345, interface: 2 }\n`,
      'lab.yaml, line 3: port.jlink is 001050012345; must be text: put the number in quotes ("001050012345").',
    ],
    ["a scalar where a union wants a mapping", `${head}port: 5\n`, "lab.yaml, line 3: port is 5; expected a mapping."],
    [
      "an empty list",
      `${head}power:\n  driver: command\n  on: []\n`,
      "lab.yaml, line 5: power.on is a list of 0; expected at least 1 items.",
    ],
    [
      "a list item",
      `${head}list:\n  - at: 1\n  - at: soon\n`,
      'lab.yaml, line 5: list[1].at is "soon"; expected a whole number.',
    ],
    [
      "a mapping where a word is wanted",
      "name: {a: 1}\nkind: twin\n",
      "lab.yaml, line 1: name is a mapping; expected text.",
    ],
    [
      "a secret, unseen",
      `${head}wifi: { password: hunter2 }\n`,
      "lab.yaml, line 3: wifi.password is wrong (its value is not shown); expected at least 8 characters.",
    ],
  ])("names file, line, field, found and expected for %s", (_, text, message) => {
    expect(paragraphOf(text)).toBe(message);
  });

  test("is not told with a password that stands in an address", () => {
    expect(paragraphOf("name: dk\nkind: http://me:hunter2@plug/\n")).toContain(
      'kind is "http://…@plug/"; expected one of',
    );
  });

  test("gets all its problems in one error, in the order of the lines", () => {
    expect(paragraphOf("colour: red\nkind: twn\nslot: 1\n")).toBe(
      [
        "lab.yaml: 4 problems.",
        "  line 1: name is missing; expected text.",
        "  line 1: colour is not a field here; the fields are name, kind, app, slot, power, port, wifi, list.",
        '  line 2: kind is "twn"; expected one of twin, hardware (did you mean "twin"?).',
        "  line 3: slot is 1; expected a multiple of 4096.",
      ].join("\n"),
    );
  });

  test("shows a long value shortened", () => {
    expect(paragraphOf(`name: dk\nkind: ${"x".repeat(5000)}\n`).length).toBeLessThan(200);
  });
});

describe("text that is not one YAML document", () => {
  test.each([
    ["an empty file", "", "lab.yaml, line 1: the file is empty."],
    ["only comments", "# nothing\n", "lab.yaml, line 1: the file is empty."],
    ["only null", "~\n", "lab.yaml, line 1: the file is empty."],
    ["a tab", "app:\n\tpath: x\n", "lab.yaml, line 2: a tab cannot indent YAML; use blanks."],
    [
      "a field twice",
      "name: a\nkind: twin\nname: b\n",
      "lab.yaml, line 3: this field stands twice in its mapping; keep one.",
    ],
    [
      "two documents",
      "name: a\n---\nname: b\n",
      'lab.yaml, line 2: a second document begins here ("---"); one file holds one.',
    ],
    ["YAML 1.1", "%YAML 1.1\n---\nname: a\n", "lab.yaml, line 1: YAML 1.1 is asked for; write YAML 1.2."],
    [
      "a private key at the top, which is not shown",
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n",
      "lab.yaml, line 1: is the text of a key (not shown); expected a mapping.",
    ],
    ["a text at the top", "hello\n", 'lab.yaml, line 1: is "hello"; expected a mapping.'],
    [
      "an alias without anchor",
      "name: *who\n",
      "lab.yaml, line 1: its anchors and aliases cannot be resolved: Unresolved alias (the anchor must be set before the alias): who.",
    ],
  ])("is refused with its line: %s", (_, text, message) => {
    expect(paragraphOf(text)).toBe(message);
  });

  test("is refused with the line of an open bracket", () => {
    expect(paragraphOf("name: a\nlist: [1, 2\nkind: twin\n")).toMatch(/^lab\.yaml, line 3: Flow sequence .*\]\.$/);
  });

  test("is refused for a tag that no schema knows", () => {
    expect(paragraphOf("name: !js/function x\nkind: twin\n")).toMatch(
      /^lab\.yaml, line 1: Unresolved tag: !js\/function\.$/,
    );
  });

  test("cannot eat the memory by aliases of aliases", () => {
    const letters = "abcdefgh".split("");
    const bomb = letters.map((name, level) => {
      const items =
        level === 0
          ? "1"
          : Array(9)
              .fill(`*${letters[level - 1]}`)
              .join(", ");
      return `${name}: &${name} [${items}]`;
    });
    expect(paragraphOf(bomb.join("\n"))).toContain("its anchors and aliases cannot be resolved");
  });

  test.each([
    ["lists", "[".repeat(50_000)],
    ["mappings", "{".repeat(50_000)],
    ["lines", "- ".repeat(20_000)],
    ["keys", "? ".repeat(20_000)],
    ["values on one line", "a: ".repeat(20_000)],
    ["lists that end", `a: ${"[".repeat(70)}${"]".repeat(70)}`],
  ])("cannot end the process by %s in each other", (_, text) => {
    expect(paragraphOf(text)).toBe("lab.yaml, line 1: it nests deeper than 64 levels.");
  });

  // Each took the library ten seconds and more, or a gigabyte.
  test.each([
    ["many empty items", `a: [${"{},".repeat(300_000)}]\n`, "150000 words and marks"],
    ["a tag on a tag", `${"!a ".repeat(300_000)}x\n`, "1000 anchors, aliases and tags"],
    ["many aliases", `a: &a [x]\nb: [${"*a,".repeat(300_000)}]\n`, "1000 anchors, aliases and tags"],
  ])("cannot take time and memory by %s", (_, text, what) => {
    expect(paragraphOf(text)).toBe(`lab.yaml, line 1: it has more than ${what}.`);
  });

  test("cannot nest without bound", () => {
    expect(paragraphOf(`name: ${"[".repeat(100)}${"]".repeat(100)}\n`)).toBe(
      "lab.yaml, line 1: it nests deeper than 64 levels.",
    );
  });
});

describe("reading from disk", () => {
  test("says which file is not there", async () => {
    const failed = loadYaml("/nowhere/lab.yaml", schema);
    await expect(failed).rejects.toMatchObject({
      kind: "configuration",
      message: "/nowhere/lab.yaml: there is no such file.",
    });
  });

  test("says that a folder is no file, and refuses bytes that are not UTF-8", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hil-"));
    await expect(loadYaml(folder, schema)).rejects.toMatchObject({ message: `${folder}: this is a folder.` });
    const file = join(folder, "latin1.yaml");
    await writeFile(file, Buffer.from("name: caf\u00e9\n", "latin1"));
    const complaint = { message: `${file}: the file is not UTF-8 text.`, hint: "Save it as UTF-8." };
    await expect(loadYaml(file, schema)).rejects.toMatchObject(complaint);
    await writeFile(file, Buffer.from("\ufeffname: cafe\n", "utf16le"));
    await expect(loadYaml(file, schema)).rejects.toMatchObject(complaint);
  });

  test.each([
    [[0x50, 0x4b, 3, 4, 0x14, 0], "a ZIP archive"],
    [[0x3d, 0xb8, 0xf3, 0x96, 0, 0], "an MCUboot image"],
    [[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0], "an ELF file"],
    [[1, 2, 0, 0xff], "a binary file"],
  ])("says of %j that it is %s", async (bytes, what) => {
    const file = join(await mkdtemp(join(tmpdir(), "hil-")), "given");
    await writeFile(file, Uint8Array.from(bytes));
    await expect(loadYaml(file, schema)).rejects.toMatchObject({ message: `${file}: this is ${what}, not YAML.` });
  });

  test("refuses a file over its limit without parsing it", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "hil-")), "big.yaml");
    await writeFile(file, "#".repeat(1_048_577));
    await expect(loadYaml(file, schema)).rejects.toMatchObject({
      message: `${file}: the file has 1048577 bytes or more; at most 1048576 are read.`,
    });
  });

  test("reads what is right", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "hil-")), "lab.yaml");
    await writeFile(file, "name: dk\nkind: hardware\n");
    expect((await loadYaml(file, schema)).value).toEqual({ name: "dk", kind: "hardware" });
  });

  test("takes paths in a file relative to it", () => {
    expect(resolveFrom("/lab/boards/a.yaml", "../keys/k.pem")).toBe("/lab/keys/k.pem");
    expect(resolveFrom("/lab/boards/a.yaml", "/abs/k.pem")).toBe("/abs/k.pem");
  });
});

test("a value that stands in no file is checked with the same words", () => {
  const value = { name: "x", kind: "twn", port: { jlink: 5, interface: 1 } };
  expect(() => parseValue(value, schema, "the profile")).toThrow(
    'the profile: kind is "twn"; expected one of twin, hardware (did you mean "twin"?). ' +
      'port.jlink is 5; must be text: put the number in quotes ("001050012345").',
  );
  expect(parseValue({ name: "x", kind: "twin" }, schema, "the profile")).toEqual({ name: "x", kind: "twin" });
});

test("any JSON value either comes back whole or is refused with a line that the file has", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("name", "kind", "slot", "list", "x"), fc.jsonValue({ maxDepth: 3 })),
      (value) => {
        const text = stringify(value);
        try {
          expect(parseYaml(text, "lab.yaml", schema).value).toEqual(value);
        } catch (error) {
          if (!isKind(error, "configuration")) throw error;
          const { problems } = error as ConfigFileError;
          expect(problems.length).toBeGreaterThan(0);
          for (const { line } of problems) expect(line).toBeLessThanOrEqual(text.split("\n").length);
          expect(messageOf(error)).not.toContain("undefined");
        }
      },
    ),
    { numRuns: 300 },
  );
});
