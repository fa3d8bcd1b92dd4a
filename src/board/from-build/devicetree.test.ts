import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isKind } from "../../core/index.ts";
import { type DtNode, parseDevicetree } from "./devicetree.ts";

const read = (body: string) => parseDevicetree(`/dts-v1/;\n\n/ {\n${body}\n};\n`, "zephyr.dts");
const complaint = (text: string): string => {
  try {
    parseDevicetree(text, "zephyr.dts");
  } catch (error) {
    if (isKind(error, "configuration")) return error.message;
    throw error;
  }
  return "no complaint";
};

describe("a merged devicetree", () => {
  test("gives nodes by label and by path, and every kind of value with its line", () => {
    const tree = read(`	a: b: node@1f {
		reg = < 0x1f 16 >, < &other 0x2 >; /* in board.dts:3 */
		names = "zephyr,\\"x\\"", "y";
		bytes = [ C2 28 17 ];
		on;
		link = &other;
	};
	other: arduino,other {
		#gpio-cells = < 0x2 >;
	};`);
    const node = tree.find("a");
    expect(node?.path).toBe("/node@1f");
    expect(tree.find("b")).toBe(node);
    expect(tree.find("/arduino,other")).toBe(tree.find("other"));
    expect(node?.properties.get("reg")).toEqual({
      line: 5,
      values: [
        { kind: "cells", cells: [0x1f, 16] },
        { kind: "cells", cells: [{ reference: "other" }, 2] },
      ],
    });
    expect(node?.properties.get("names")?.values).toEqual([
      { kind: "string", text: 'zephyr,"x"' },
      { kind: "string", text: "y" },
    ]);
    expect(node?.properties.get("bytes")?.values).toEqual([{ kind: "bytes", count: 3 }]);
    expect(node?.properties.get("on")?.values).toEqual([]);
    expect(node?.properties.get("link")?.values).toEqual([{ kind: "reference", target: { reference: "other" } }]);
  });

  test.each([
    ["", /line 1: no devicetree source/],
    ["/dts-v1/;\n/ { a = < 1 >", /line 2: expected ";", found the end of the file/],
    ["/dts-v1/;\n/ {\n a {", /line 3: it ends within a node/],
    ["/dts-v1/;\n/ {\n a = < 0x100000000 >;\n};", /line 3: 0x100000000 is more than a cell holds/],
    ["/dts-v1/;\n/ {\n a = < (1 + 2) >;\n};", /line 3: "\(" is no cell/],
    ["/dts-v1/;\n/ {\n a { };\n a { };\n};", /line 4: node \/a stands twice/],
    ["/dts-v1/;\n/ {\n x: a { };\n x: b { };\n};", /line 4: label x stands twice/],
    ["/dts-v1/;\n/ {\n a;\n a;\n};", /line 4: property a of \/ stands twice/],
    ["/dts-v1/;\n/ {\n/delete-node/ a;\n};", /line 3: "delete-node" begins no node/],
    ["/dts-v1/;\n/ { };\n&uart0 { };", /line 3: something stands behind the root/],
    ["/dts-v1/;\n/ {\n a = [ 0 ];\n};", /line 3: a byte string has half a byte/],
    ['/dts-v1/;\n/ {\n a = "open;\n};', /line 3: "\\"" begins nothing/],
    [`/dts-v1/;\n/ {${"a {".repeat(70)}`, /line 2: nodes nest deeper than 64 levels/],
  ])("is refused with its line where it is damaged: %j", (text, said) => {
    expect(complaint(text)).toMatch(said);
  });

  test("gives back every tree that is written down", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9,_-]{0,8}(@[0-9a-f]{1,4})?$/);
    const value = fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 4 })
        .map((cells) => ({ kind: "cells" as const, cells })),
      fc
        .string({ maxLength: 12 })
        .filter((text) => !/[\n\r]/.test(text))
        .map((text) => ({ kind: "string" as const, text })),
    );
    type Tree = { readonly properties: Record<string, unknown[]>; readonly children: Record<string, Tree> };
    const properties = fc.dictionary(name, fc.array(value, { minLength: 1, maxLength: 3 }), {
      maxKeys: 3,
      noNullPrototype: true,
    });
    const level = (children: fc.Arbitrary<Record<string, Tree>>): fc.Arbitrary<Tree> =>
      fc.record({ properties, children });
    const below = (tree: fc.Arbitrary<Tree>) => level(fc.dictionary(name, tree, { maxKeys: 3, noNullPrototype: true }));
    const tree = below(below(below(level(fc.constant({})))));
    const valueText = (part: unknown) => {
      const { kind, cells, text } = part as { kind: string; cells: number[]; text: string };
      return kind === "cells"
        ? `< ${cells.map((cell) => `0x${cell.toString(16)}`).join(" ")} >`
        : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
    };
    const text = ({ properties, children }: Tree): string =>
      [
        ...Object.entries(properties).map(([key, values]) => `${key} = ${values.map(valueText).join(", ")};`),
        ...Object.entries(children).map(([key, child]) => `${key} {\n${text(child)}\n};`),
      ].join("\n");
    const plain = (node: DtNode): Tree => ({
      properties: Object.fromEntries([...node.properties].map(([key, { values }]) => [key, [...values]])),
      children: Object.fromEntries([...node.children].map(([key, child]) => [key, plain(child)])),
    });
    fc.assert(
      fc.property(tree, (wanted) => {
        expect(plain(read(text(wanted)).root)).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });

  test("says what is wrong, and nothing else, whatever bytes a file has", () => {
    const base = read('x: a@1 {\n reg = < 0x1 &x >;\n s = "t";\n b = [ 00 ];\n};');
    expect(base.nodes).toHaveLength(2);
    const source = '/dts-v1/;\n/ {\n x: a@1 { reg = < 0x1 &x >; s = "t"; b = [ 00 ]; };\n};\n';
    const damage = fc.tuple(
      fc.nat(source.length),
      fc.nat(4),
      fc.constantFrom("", "{", "}", "<", '"', "/*", ";", "\0", "é"),
    );
    fc.assert(
      fc.property(damage, ([at, cut, put]) => {
        const said = complaint(source.slice(0, at) + put + source.slice(at + cut));
        expect(said).toMatch(/^(no complaint|zephyr\.dts, line \d+: )/);
      }),
      { numRuns: 200 },
    );
  });

  test("takes a line of a million blanks, and an unclosed comment of a million characters, without going back over them", () => {
    expect(complaint(`/dts-v1/;${" ".repeat(1_000_000)}/ { };`)).toBe("no complaint");
    expect(complaint(`/dts-v1/;/*${"*".repeat(1_000_000)}`)).toMatch(/line 1: /);
  });
});
