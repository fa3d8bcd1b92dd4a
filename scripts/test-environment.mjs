import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

/**
 * Modules that this process has compiled, by their name. Each test file has modules of its own, made of the same text:
 * compiling it is a third of what loading takes, and V8 need not do it again.
 */
const compiled = new Map();

const { createContext, SourceTextModule } = vm;

vm.SourceTextModule = new Proxy(SourceTextModule, {
  construct(Module, [text, options]) {
    // Code that V8 had compiled before does not know any more who loads what it imports while it runs.
    if (/\bimport\s*\(/.test(text)) return new Module(text, options);
    const known = compiled.get(options.identifier);
    if (known?.text === text) {
      try {
        return new Module(text, { ...options, cachedData: known.data });
      } catch (error) {
        // V8 takes back its own work when its flags have changed since.
        if (error.code !== "ERR_VM_MODULE_CACHED_DATA_REJECTED") throw error;
      }
    }
    const module = new Module(text, options);
    compiled.set(options.identifier, { text, data: module.createCachedData() });
    return module;
  },
});

/**
 * Jest's environment for Node, in a context whose global object is an ordinary one. Jest's own is behind an interceptor
 * and a proxy: each `Math`, `Number` or `DataView` that a test's code names is looked up through both, a hundred times
 * as slow as in a program (measured with Node 20.20: 12 million look-ups 5.7 s against 0.03 s). Files stay apart as
 * before: each has a context of its own.
 * Source: Node's documentation of vm.constants.DONT_CONTEXTIFY (since 20.18 and 22.8).
 */
export default class PlainContextEnvironment extends TestEnvironment {
  constructor(...given) {
    const scratch = mkdtempSync(join(tmpdir(), "s-"));
    chmodSync(scratch, 0o711);
    const before = process.env.TMPDIR;
    // Jest copies the environment for its tests: this comes first.
    process.env.TMPDIR = scratch;
    // Jest's constructor makes the context itself, and has no say in how.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
    this.scratch = { folder: scratch, before };
  }

  /**
   * Each test file has a folder for temporary files of its own, gone when it ends: whatever a test, or a program that it
   * starts, puts there. What the product itself should have taken away (src/core/scratch-folder.ts) fails the suite.
   */
  async teardown() {
    await super.teardown();
    const { folder, before } = this.scratch;
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const forgotten = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?:^|[/\\])hil-scratch-[^/\\]*$/.test(name),
    );
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (forgotten.length > 0) throw new Error(`temporary folders that nobody took away: ${forgotten.join(", ")}`);
  }
}
