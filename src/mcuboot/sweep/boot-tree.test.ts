import { describe, expect, test } from "@jest/globals";
import { setPending } from "../boot/app-api.ts";
import { runSteps } from "../boot/run-boot.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { smallBuild, smallImage } from "../testing/small-board.ts";
import { BootTree } from "./boot-tree.ts";
import { uploadedFlash } from "./upgrade.ts";

const build = smallBuild({ slotSectors: 6, mode: "move", encrypted: false });
const old = smallImage("1.0.0", 5_000, false).plain;
const next = smallImage("2.0.0", 6_000, false).file;

function asked(): FlashContent {
  const { flash } = uploadedFlash({ build, old, next });
  runSteps(setPending(flash, build, 0, false), flash);
  return flash;
}

type Node = ReturnType<ReturnType<BootTree["begin"]>["next"]>;

/** A boot to its end, or to the operation with this number, which it does not carry out. */
function followed(tree: BootTree, content: FlashContent, { guided = true, cut = Number.POSITIVE_INFINITY } = {}) {
  const boot = tree.begin(content, { guided });
  const nodes: Node[] = [];
  for (;;) {
    const node = boot.next();
    nodes.push(node);
    if (node.kind === "end" || nodes.length > cut) return { nodes, flash: boot.flash };
    boot.apply(node.operation);
  }
}

const done = ({ nodes }: { readonly nodes: readonly Node[] }) =>
  nodes.map((node) => (node.kind === "end" ? node.result : node.operation));

/** Contents that a boot which is cut at each of its operations leaves, and the one that is not cut. */
function contents(): readonly FlashContent[] {
  const { nodes } = followed(new BootTree(build), asked());
  return nodes.map((_, cut) => followed(new BootTree(build), asked(), { cut }).flash);
}

describe("the tree of boots", () => {
  test("leads every boot where the program itself goes, from each content that a cut leaves", () => {
    const tree = new BootTree(build);
    const all = contents();
    expect(all.length).toBeGreaterThan(20);
    for (const content of all) {
      const guided = followed(tree, content);
      const alone = followed(tree, content, { guided: false });
      expect(done(guided)).toEqual(done(alone));
      expect(guided.flash.identity()).toBe(alone.flash.identity());
    }
  });

  test("shows the second boot of a content the very nodes of the first: the program need not run", () => {
    const tree = new BootTree(build);
    const first = followed(tree, asked());
    const second = followed(tree, asked());
    expect(second.nodes).toHaveLength(first.nodes.length);
    expect(second.nodes.every((node, index) => node === first.nodes[index])).toBe(true);
    const unguided = followed(tree, asked(), { guided: false });
    expect(unguided.nodes.some((node, index) => node === first.nodes[index])).toBe(false);
  });

  test("parts two boots where the flash tells them something else, and not before", () => {
    const tree = new BootTree(build);
    const upgraded = followed(tree, asked());
    const { flash: plain } = uploadedFlash({ build, old, next });
    const unasked = followed(tree, plain);
    expect(done(unasked)).toEqual(done(followed(tree, plain, { guided: false })));
    expect(unasked.nodes).toHaveLength(1);
    expect(upgraded.nodes.length).toBeGreaterThan(20);
    const again = followed(tree, asked(), { cut: 5 });
    expect(again.nodes.every((node, index) => node === upgraded.nodes[index])).toBe(true);
  });

  test("leaves the content as it was, and carries out nothing by itself", () => {
    const content = asked();
    const before = content.identity();
    const boot = new BootTree(build).begin(content, { guided: true });
    boot.next();
    expect(boot.flash.identity()).toBe(before);
    expect(followed(new BootTree(build), content).flash.identity()).not.toBe(before);
    expect(content.identity()).toBe(before);
  });

  test("numbers what a boot holds in RAM: equal states have one number, and a swap has several", () => {
    const { nodes } = followed(new BootTree(build), asked());
    const states = nodes.flatMap((node) => (node.kind === "end" ? [] : [node.state]));
    expect(new Set(states).size).toBeGreaterThan(states.length / 2);
    const tree = new BootTree(build);
    expect([tree.numberOf("a"), tree.numberOf("b"), tree.numberOf("a")]).toEqual([0, 1, 0]);
  });
});
