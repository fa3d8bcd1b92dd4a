import { hexOf } from "../../core/index.ts";
import { type DtsToken, dtsFault, dtsTokens } from "./devicetree-tokens.ts";

/** A node that a property names: by label, or by path. */
interface DtReference {
  readonly reference: string;
}

/** One part of a property's value; parts are separated by commas. */
type DtValue =
  | { readonly kind: "cells"; readonly cells: readonly (number | DtReference)[] }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "bytes"; readonly count: number }
  | { readonly kind: "reference"; readonly target: DtReference };

interface DtProperty {
  readonly values: readonly DtValue[];
  /** From 1. */
  readonly line: number;
}

export interface DtNode {
  /** `uart@8000`; the root's is "". */
  readonly name: string;
  /** `/soc/uart@8000`; the root's is "/". */
  readonly path: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly parent: DtNode | undefined;
  readonly properties: ReadonlyMap<string, DtProperty>;
  readonly children: ReadonlyMap<string, DtNode>;
}

/** A devicetree as a build merged it. */
export interface Devicetree {
  readonly file: string;
  readonly root: DtNode;
  /** All nodes, the root first. */
  readonly nodes: readonly DtNode[];
  /** The node that a label or a path names. */
  find(this: void, reference: string): DtNode | undefined;
}

const DEPTH_MAX = 64;
const NODES_MAX = 50_000;
const CELL_MAX = 0xffff_ffff;

interface OpenNode extends DtNode {
  readonly properties: Map<string, DtProperty>;
  readonly children: Map<string, OpenNode>;
}

/**
 * Reads a merged devicetree source (`zephyr.dts`): nodes, labels, strings, cells, bytes and references. Nothing is left
 * to merge in such a file, so a node that stands twice, a deletion, an include or an expression is refused.
 * @param file only named in errors.
 * @throws ConfigurationError with file and line.
 * Source: Devicetree Specification 0.4, chapter 6; Zephyr python-devicetree dtlib.py, DT.__str__ (what a build writes).
 */
export function parseDevicetree(text: string, file: string): Devicetree {
  return new Reader(text, file).tree();
}

class Reader {
  readonly #file: string;
  readonly #tokens: Generator<DtsToken, DtsToken>;
  readonly #nodes: OpenNode[] = [];
  readonly #labels = new Map<string, OpenNode>();
  readonly #paths = new Map<string, OpenNode>();
  #token: DtsToken;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#tokens = dtsTokens(text, file);
    this.#token = this.#tokens.next().value;
  }

  tree(): Devicetree {
    this.#expectDirective("dts-v1");
    while (this.#token.kind === "directive" && this.#token.text === "memreserve") this.#skipReservation();
    const labels: string[] = [];
    while (this.#token.kind === "label") labels.push(this.#take().text);
    const { line } = this.#token;
    this.#mark("/");
    this.#mark("{");
    const root = this.#open({ name: "", path: "/", labels, line, parent: undefined });
    this.#contents(root);
    this.#mark(";");
    if (this.#token.kind !== "end") throw this.#wrong("something stands behind the root node, which ends the file");
    const find = (reference: string) => (reference.startsWith("/") ? this.#paths : this.#labels).get(reference);
    return { file: this.#file, root, nodes: this.#nodes, find };
  }

  /** Everything up to the root's closing brace, without recursion: how deep a file nests is not ours to say. */
  #contents(root: OpenNode): void {
    let node: OpenNode | undefined = root;
    let depth = 0;
    while (node !== undefined) {
      if (this.#is("}")) {
        this.#take();
        node = this.#nodeOf(node.parent);
        if (node !== undefined) this.#mark(";");
        depth -= 1;
        continue;
      }
      const labels: string[] = [];
      while (this.#token.kind === "label") labels.push(this.#take().text);
      const { line } = this.#token;
      const name = this.#name();
      if (!this.#is("{")) {
        if (labels.length > 0) throw this.#wrong(`a label stands before property ${name}`);
        this.#property(node, name, line);
        continue;
      }
      this.#take();
      depth += 1;
      if (depth > DEPTH_MAX) throw this.#wrong(`nodes nest deeper than ${DEPTH_MAX} levels`);
      const path: string = node === root ? `/${name}` : `${node.path}/${name}`;
      if (node.children.has(name)) throw this.#wrong(`node ${path} stands twice`, line);
      const child = this.#open({ name, path, labels, line, parent: node });
      node.children.set(name, child);
      node = child;
    }
  }

  #nodeOf(node: DtNode | undefined): OpenNode | undefined {
    return node && this.#paths.get(node.path);
  }

  #open(fields: Omit<DtNode, "properties" | "children">): OpenNode {
    const node = { ...fields, properties: new Map<string, DtProperty>(), children: new Map<string, OpenNode>() };
    if (this.#nodes.length === NODES_MAX) throw this.#wrong(`more than ${NODES_MAX} nodes`);
    this.#nodes.push(node);
    this.#paths.set(node.path, node);
    for (const label of node.labels) {
      if (this.#labels.has(label)) throw this.#wrong(`label ${label} stands twice`, node.line);
      this.#labels.set(label, node);
    }
    return node;
  }

  #property(node: OpenNode, name: string, line: number): void {
    const values: DtValue[] = [];
    if (this.#is("=")) {
      do {
        this.#take();
        values.push(this.#value());
      } while (this.#is(","));
    }
    this.#mark(";");
    if (node.properties.has(name)) throw this.#wrong(`property ${name} of ${node.path} stands twice`, line);
    node.properties.set(name, { values, line });
  }

  #value(): DtValue {
    const { kind, text } = this.#token;
    if (kind === "string") {
      this.#take();
      return { kind, text };
    }
    if (kind === "reference") {
      this.#take();
      return { kind, target: { reference: text } };
    }
    if (this.#is("[")) return this.#bytes();
    let bits = 32;
    if (kind === "directive" && text === "bits") {
      this.#take();
      bits = Number(this.#take().text);
    }
    this.#mark("<");
    const cells: (number | DtReference)[] = [];
    while (!this.#is(">")) cells.push(this.#cell(bits));
    this.#take();
    return { kind: "cells", cells };
  }

  #cell(bits: number): number | DtReference {
    const { kind, text } = this.#token;
    if (kind === "reference") {
      this.#take();
      return { reference: text };
    }
    if (kind !== "number") throw this.#wrong(`${this.#shown()} is no cell: a number or a reference`);
    const value = Number(text.replace(/[ul]+$/i, ""));
    if (bits <= 32 && value > CELL_MAX) throw this.#wrong(`${text} is more than a cell holds (${hexOf(CELL_MAX)})`);
    this.#take();
    return value;
  }

  #bytes(): DtValue {
    this.#take();
    let digits = "";
    while (!this.#is("]")) {
      const { text } = this.#token;
      if (!/^[0-9a-f]+$/i.test(text)) throw this.#wrong(`${this.#shown()} is no byte of a byte string`);
      digits += text;
      this.#take();
    }
    if (digits.length % 2 !== 0) throw this.#wrong("a byte string has half a byte");
    this.#take();
    return { kind: "bytes", count: digits.length / 2 };
  }

  /** Of a node or a property: words, and "@" and "," between them, without blanks. */
  #name(): string {
    const first = this.#token;
    if (first.kind !== "word" && first.kind !== "number") {
      throw this.#wrong(
        first.kind === "end" ? "it ends within a node" : `${this.#shown()} begins no node and no property`,
      );
    }
    let name = this.#take().text;
    while (this.#token.glued && (this.#is("@") || this.#token.kind === "word" || this.#token.kind === "number")) {
      name += this.#take().text;
    }
    return name;
  }

  #skipReservation(): void {
    while (!this.#is(";")) {
      if (this.#token.kind === "end") throw this.#wrong("it ends within /memreserve/");
      this.#take();
    }
    this.#take();
  }

  #expectDirective(name: string): void {
    if (this.#token.kind !== "directive" || this.#token.text !== name) {
      throw this.#wrong(`no devicetree source: it does not begin with /${name}/`);
    }
    this.#take();
    this.#mark(";");
  }

  #is(mark: string): boolean {
    return this.#token.kind === "mark" && this.#token.text === mark;
  }

  #mark(mark: string): void {
    if (!this.#is(mark)) throw this.#wrong(`expected "${mark}", found ${this.#shown()}`);
    this.#take();
  }

  #take(): DtsToken {
    const token = this.#token;
    if (token.kind !== "end") this.#token = this.#tokens.next().value;
    return token;
  }

  #shown(): string {
    const { kind, text } = this.#token;
    return kind === "end" ? "the end of the file" : JSON.stringify(text.slice(0, 40));
  }

  #wrong(what: string, line = this.#token.line): Error {
    return dtsFault(this.#file, line, what);
  }
}
