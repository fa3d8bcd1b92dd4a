import { textOf } from "../../core/index.ts";
import { boot } from "../boot/boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Flash, FlashOperation } from "../flash/operation.ts";
import { type LoaderState, memoryText } from "../loader/loader-state.ts";
import { type BootResult, isOperation, type Steps } from "../steps/steps.ts";

/** What a boot asks of the flash. */
type Look =
  | { readonly what: "bytes"; readonly offset: number; readonly bytes: number }
  | { readonly what: "name"; readonly offset: number; readonly bytes: number }
  | {
      readonly what: "fact";
      readonly offset: number;
      readonly bytes: number;
      readonly sees: (bytes: Uint8Array) => number;
    };

/** What a boot was told, as a key. */
type Told = string | number | undefined;

/** How a boot goes on from somewhere, once that is known. */
interface Place {
  node: LookNode | OperationNode | EndNode | undefined;
}

interface LookNode {
  readonly kind: "look";
  readonly look: Look;
  readonly ways: Map<Told, Place>;
  /** The same ways by what the pages hold that are looked at: most looks are at pages that were looked at before. */
  readonly byPages: Map<string, Place>;
}

/** The boot proposes an operation. */
interface OperationNode {
  readonly kind: "operation";
  readonly operation: FlashOperation;
  /** Number of what the boot holds in RAM, and the operation since which it has held that. */
  readonly memory: number;
  readonly since: number;
  /** Number of all that, the flash apart, tells how the boot goes on: RAM, operations since it changed, operation. */
  readonly state: number;
  readonly next: Place;
}

interface EndNode {
  readonly kind: "end";
  readonly result: BootResult;
}

/** Reads that are longer are not remembered: how a boot goes on after one of them only the program itself can tell. */
const LOOK_BYTES_MAX = 4096;

/**
 * All boots of one bootloader that were carried through, as a tree: a boot is a program that knows nothing but what the
 * flash tells it, so where one look is answered as it was before, the next look or operation is the same as before.
 * A boot that is told nothing new is read off the tree, and the program need not run.
 */
export class BootTree {
  readonly root: Place = { node: undefined };
  readonly build: BootloaderBuild;
  readonly #numbers = new Map<string, number>();

  constructor(build: BootloaderBuild) {
    this.build = build;
  }

  /**
   * A boot of a content, which itself stays as it is.
   * @param options.guided false: the program runs, whatever is known, and the tree stays as it is.
   */
  begin(content: FlashContent, { guided }: { readonly guided: boolean }): GuidedBoot {
    return new GuidedBoot(this, content, guided);
  }

  /** The number of a text; equal texts, equal numbers. */
  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** One boot, operation by operation: along the tree as far as it goes, then by the program, whose steps are added. */
class GuidedBoot {
  readonly #tree: BootTree;
  readonly #content: FlashContent;
  readonly #guided: boolean;
  #flash: FlashContent;
  /** Undefined: nothing is remembered any more. */
  #place: Place | undefined;
  /** Operations carried out, and those that the program has proposed. */
  #done = 0;
  #proposals = 0;
  #steps: Steps<BootResult> | undefined;
  #loader: LoaderState | undefined;
  #memory = -1;
  #since = 0;

  constructor(tree: BootTree, content: FlashContent, guided: boolean) {
    this.#tree = tree;
    this.#content = content;
    this.#flash = content.snapshot();
    this.#place = guided ? tree.root : undefined;
    this.#guided = guided;
  }

  /** The flash at this moment. Another object after each `next`. */
  get flash(): FlashContent {
    return this.#flash;
  }

  /** What the boot proposes next: an operation is to be applied before the one after it is asked for. */
  next(): OperationNode | EndNode {
    if (this.#steps === undefined) {
      const known = this.#walk();
      if (known !== undefined) return known;
      this.#startProgram();
    }
    return this.#step();
  }

  apply(operation: FlashOperation): void {
    this.#flash.apply(operation);
    this.#done += 1;
  }

  #walk(): OperationNode | EndNode | undefined {
    let node = this.#place?.node;
    while (node?.kind === "look") node = wayOn(this.#flash, node)?.node;
    if (node?.kind === "operation") this.#place = node.next;
    return node;
  }

  /** From the beginning, since looks may have turned bits in doubt, up to the operation that is asked for. */
  #startProgram(): void {
    const flash = this.#content.snapshot();
    this.#flash = flash;
    this.#place = this.#guided ? this.#tree.root : undefined;
    const watched: Flash = {
      read: (offset, bytes) => {
        const found = flash.read(offset, bytes);
        this.#saw({ what: "bytes", offset, bytes }, () => textOf(found));
        return found;
      },
      identity: (offset, bytes) => {
        const found = flash.identity(offset, bytes);
        this.#saw({ what: "name", offset, bytes }, () => found);
        return found;
      },
      look: (offset, bytes, sees) => {
        const found = sees(flash.read(offset, bytes));
        this.#saw({ what: "fact", offset, bytes, sees }, () => found);
        return found;
      },
    };
    this.#steps = boot(watched, this.#tree.build, (loader) => {
      this.#loader = loader;
    });
    for (let done = 0; done < this.#done; done += 1) {
      const step = this.#step();
      if (step.kind === "end") throw new RangeError("a boot that was told the same has done something else");
      flash.apply(step.operation);
    }
  }

  #step(): OperationNode | EndNode {
    for (let step = this.#steps?.next(); step !== undefined; step = this.#steps?.next()) {
      if (step.done === true) return this.#put({ kind: "end", result: step.value });
      if (isOperation(step.value)) return this.#put(this.#proposed(step.value));
    }
    throw new RangeError("a boot that has not begun");
  }

  /** The same node again where the boot has been before. */
  #proposed(operation: FlashOperation): OperationNode {
    const known = this.#place?.node;
    if (known?.kind === "operation") {
      this.#memory = known.memory;
      this.#since = known.since;
      return known;
    }
    const next = { node: undefined };
    if (!this.#guided) return { kind: "operation", operation, memory: 0, since: 0, state: 0, next };
    const index = this.#proposals;
    const memory = this.#tree.numberOf(memoryText(this.#loader));
    if (memory !== this.#memory) this.#since = index;
    this.#memory = memory;
    const bytes = operation.kind === "erase" ? operation.bytes : operation.data.length;
    const place = `${operation.kind} ${operation.offset} ${bytes}`;
    const state = this.#tree.numberOf(`${memory} ${index - this.#since} ${place}`);
    return { kind: "operation", operation, memory, since: this.#since, state, next };
  }

  #put<N extends OperationNode | EndNode>(node: N): N {
    this.#proposals += 1;
    if (this.#place !== undefined) this.#place.node ??= node;
    this.#place = this.#place && node.kind === "operation" ? node.next : undefined;
    return node;
  }

  #saw(look: Look, key: () => Told): void {
    if (this.#place === undefined) return;
    if (look.what === "bytes" && look.bytes > LOOK_BYTES_MAX) {
      this.#place = undefined;
      return;
    }
    const node = (this.#place.node ??= { kind: "look", look, ways: new Map(), byPages: new Map() });
    if (node.kind !== "look") throw new RangeError("a boot that was told the same has looked elsewhere");
    const name = key();
    const way = node.ways.get(name) ?? { node: undefined };
    node.ways.set(name, way);
    this.#place = way;
  }
}

/** Where a look leads; undefined: nobody was told this here before. */
function wayOn(flash: FlashContent, { look, ways, byPages }: LookNode): Place | undefined {
  const pages = look.what === "name" ? undefined : flash.pageNames(look.offset, look.bytes);
  if (pages === undefined) return ways.get(told(flash, look));
  const known = byPages.get(pages);
  if (known !== undefined) return known;
  const way = ways.get(told(flash, look));
  if (way !== undefined) byPages.set(pages, way);
  return way;
}

function told(flash: FlashContent, look: Look): Told {
  if (look.what === "name") return flash.identity(look.offset, look.bytes);
  const bytes = flash.read(look.offset, look.bytes);
  return look.what === "fact" ? look.sees(bytes) : textOf(bytes);
}
